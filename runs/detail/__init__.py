"""One run: its page, its REST calls, its operations, its lines in a terminal."""

"""One run: its page, its REST calls, its operations, its journal in a terminal."""

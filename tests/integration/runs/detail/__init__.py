"""One run: page, API, operations, terminal."""

"""Files that a developer starts from."""

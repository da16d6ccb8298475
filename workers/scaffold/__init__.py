"""Files that a developer starts from: a worker with its undo and test, and a project of its own."""

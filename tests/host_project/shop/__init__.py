"""The project's own app: orders, each of which is to be a run."""

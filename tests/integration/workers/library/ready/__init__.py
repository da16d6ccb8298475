"""The ready-made workers, called as a worker process calls them, and in runs."""

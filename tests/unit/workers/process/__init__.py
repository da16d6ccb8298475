"""Parts of a worker process."""

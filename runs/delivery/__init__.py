"""What is sent after a commit: RQ jobs and hints to watchers; and the worker processes that take them."""

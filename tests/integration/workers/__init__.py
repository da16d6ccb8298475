"""Worker processes and the shipped workers with a database and Redis."""

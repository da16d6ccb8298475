"""Supervisor, options and locks of processes."""

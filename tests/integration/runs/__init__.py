"""Runs with a database and Redis."""

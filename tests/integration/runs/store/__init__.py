"""Rows of runs on SQLite and PostgreSQL."""

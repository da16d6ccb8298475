"""Rows of runs: hand-written statements, caches, and the differences between SQLite and PostgreSQL."""

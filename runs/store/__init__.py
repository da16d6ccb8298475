"""Rows of runs: hand-written statements, caches, and what SQLite and PostgreSQL do differently."""

"""Backups: the whole database as one file, into an empty database again, and the proof that it would do."""

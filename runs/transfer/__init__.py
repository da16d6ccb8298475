"""Runs as files: export and import."""

"""Runs as files, out and in."""

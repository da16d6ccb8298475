"""Saved tests are read and written."""

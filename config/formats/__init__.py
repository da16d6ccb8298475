"""Formats of times that the server writes, as Django looks for them by language."""

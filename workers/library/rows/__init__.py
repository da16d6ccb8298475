"""Rows from and to files: CSV, JSON, JSON Lines and Excel, also of files that are larger than the memory."""

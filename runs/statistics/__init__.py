"""Counters over ended runs, charts, and the first page."""

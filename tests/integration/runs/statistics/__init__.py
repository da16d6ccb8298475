"""Counters, charts and the first page."""

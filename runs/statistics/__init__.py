"""Counters over ended runs, the charts drawn from them, and the first page."""

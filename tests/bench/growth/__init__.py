"""Costs as counts, which are the same on every machine: tests, not measurements."""

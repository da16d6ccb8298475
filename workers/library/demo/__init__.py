"""Demo data: runs in bulk, to try lists and charts with."""

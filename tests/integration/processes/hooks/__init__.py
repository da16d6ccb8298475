"""A folder for PYTHONPATH: changes a process at its start."""

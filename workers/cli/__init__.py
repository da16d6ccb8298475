"""Driving runs from the command line: many from JSON Lines, or one in this process."""

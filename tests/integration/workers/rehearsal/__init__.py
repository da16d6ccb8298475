"""Rehearsals from end to end, and those that are kept."""

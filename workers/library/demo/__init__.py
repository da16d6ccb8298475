"""Runs in bulk, made to try lists and charts with."""

"""Spans of runs."""

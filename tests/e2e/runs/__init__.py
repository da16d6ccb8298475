"""Runs in the browser: lists, one run's page, its canvas, timeline and files."""

"""Definitions as YAML, JSON and Python text."""

"""Definitions as YAML, JSON and Python text, out and in. PURE."""

"""Graph and JSON document."""

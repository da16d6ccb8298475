"""Connections: which addresses may be reached."""

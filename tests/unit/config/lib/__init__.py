"""The leaf helpers."""

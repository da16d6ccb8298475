"""Dispatches and hints."""

"""Checks of data: the worker `validate_json`."""

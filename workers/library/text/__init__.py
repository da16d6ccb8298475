"""Texts from templates: the worker, and `rendered` for other workers that take templates."""

"""Parsing, bounds and evaluation of expressions."""

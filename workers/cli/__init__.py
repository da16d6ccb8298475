"""Runs driven from the command line."""

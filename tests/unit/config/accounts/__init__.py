"""Accounts without a database."""

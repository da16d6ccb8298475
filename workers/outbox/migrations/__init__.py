"""Migrations of the table, for the database of the project."""

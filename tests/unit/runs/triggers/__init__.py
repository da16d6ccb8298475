"""Schedules and events without a database."""

"""Schedules: their times, and what becomes of each time that is due."""

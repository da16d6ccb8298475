"""Schedules, events and webhooks."""

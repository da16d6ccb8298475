"""Triggers: events, webhooks and schedules that start runs."""

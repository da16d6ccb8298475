"""Limits of flow: slots, lines, pauses and priorities, on the real engine and database."""

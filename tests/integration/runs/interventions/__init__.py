"""Interventions: service, pages, API, notifications."""

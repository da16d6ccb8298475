"""Workflows with their database: services, pages, API."""

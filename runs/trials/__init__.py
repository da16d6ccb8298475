"""Runs of drafts, and expressions of drafts shown with their values."""

"""Runs of drafts."""

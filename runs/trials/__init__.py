"""Trials: runs of drafts, and expressions of drafts evaluated on sample values."""

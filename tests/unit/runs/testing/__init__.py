"""Saved tests are played, and recorded from runs."""

"""Saved tests of workflows of this installation."""

"""Saved tests of workflows: what they hold, and how JSON and files say it. `runs.testing` runs them. PURE."""

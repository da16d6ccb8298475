"""The engine: units of work, locks, what happens after a commit, costs."""

"""The effects of journal entries on a run's state. PURE, total and free of rules."""

"""What each journal entry changes in a run's state. PURE, total and free of rules."""

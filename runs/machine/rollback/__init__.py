"""The rollback: the order of compensations, and their attempts. PURE."""

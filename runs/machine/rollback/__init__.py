"""The order of compensations, and carrying them out one by one. PURE."""

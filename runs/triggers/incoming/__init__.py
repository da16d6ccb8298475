"""What comes from outside: read, verified, and made into the input of a run. PURE."""

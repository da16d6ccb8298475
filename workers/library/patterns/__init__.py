"""Workers of the shipped patterns, one module a family."""

"""Documents and their rules."""

"""Commands, health, metrics and diagnostics."""

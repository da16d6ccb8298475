"""What a definition would do if a step failed."""

"""Workers of the patterns, each family from its input to its end, on good and bad data."""

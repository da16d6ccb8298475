"""Template tags of the pages of runs."""

"""Rules of runs, and parts that need no database."""

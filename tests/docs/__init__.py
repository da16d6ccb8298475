"""What the documentation shows works: every block of code runs, every command, every link."""

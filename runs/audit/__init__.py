"""The audit: all acts of people on runs, as a page and as files."""

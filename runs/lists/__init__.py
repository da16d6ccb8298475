"""Many runs: search, lists, acts on all that a filter finds."""

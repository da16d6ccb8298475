"""Many runs at once: search, list pages, and bulk acts."""

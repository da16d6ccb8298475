"""Search, lists and bulk operations."""

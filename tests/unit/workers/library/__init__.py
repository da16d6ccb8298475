"""The shipped workers."""

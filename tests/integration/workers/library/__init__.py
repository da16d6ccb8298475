"""The shipped workers and workflows."""

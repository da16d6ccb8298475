"""The decorator, the step handle, errors."""

"""The rules of a run as pure functions: decide, apply, preview. No Django, Redis, clock or settings."""

"""The SDK for authors of workers: the decorator, the step handle, errors, outcomes. No Django, no engine."""

"""The whole product under random faults; `python -m tests.chaos` plays it for minutes."""

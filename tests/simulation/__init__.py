"""The rules under random workflows, outcomes and times; `python -m tests.simulation` plays many."""

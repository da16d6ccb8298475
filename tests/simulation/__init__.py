"""The rules of runs under random workflows, outcomes and times; `python -m tests.simulation` runs many."""

"""Execution of one attempt, task in and outcome out: calls a worker function and classifies its result.

No Django.
"""

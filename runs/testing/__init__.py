"""Saved tests of workflows: read, play on a virtual clock, compare with what they expect, record. PURE.

No worker, database or clock: what a worker would do is a mock of the test, and `decide` decides. `running`
is the way in.
"""

"""The explorer: plays a workflow by the rules of `runs.machine`, over every fault and branch. PURE.

No worker, database or clock: what a worker would do is chosen. `search.explore` is the way in; `properties`
says what must hold.
"""

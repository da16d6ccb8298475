"""The worker process: its pool, the RQ job, leases, async steps, progress.

Here workers and the engine meet.
"""

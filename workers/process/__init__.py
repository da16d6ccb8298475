"""A worker process: the RQ job, leases, the pool, async steps, progress."""

"""Jobs, leases and progress of a worker process."""

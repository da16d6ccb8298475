"""Background work of the scheduler: due timers, lost leases and processes, retention."""

"""Work that nobody asks for: timers, lost leases and processes, retention."""

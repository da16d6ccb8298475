"""One attempt in a worker process: its claim and lease, the call, what it says meanwhile, its report."""

"""RQ jobs and hints that follow a commit, and the register of worker processes that take the jobs."""

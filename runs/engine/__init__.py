"""Events in, one unit of work each: lock, load, decide, write, commit, send."""

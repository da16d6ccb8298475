"""What a worker process takes while Redis refuses writes: jobs that it still has, then queued attempts.

The database has every queued attempt; a dispatch only says that one can be claimed. So the id of the job that
nobody could enqueue is made here, and the worker process goes on with it as with any other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from django.db import DatabaseError, InterfaceError, close_old_connections

from runs.delivery.undispatched import undispatched

BLOCK_S = 2  # one wait for a job of Redis, if the database has no attempt either
TRIED_S = 15.0  # an attempt that was taken is not taken again so soon: it may not be for this process

Popped = tuple[str, str]


class FullRedis:
    """Gives out jobs while it exists."""

    def __init__(self, queues: Sequence[str]) -> None:
        self.queues = queues
        self.tried: dict[str, float] = {}

    def next_job(self, queue_key: str, pop: Callable[[int | None], Popped | None]) -> Popped | None:
        """The next job with the key of a queue. `pop` takes one from Redis, and may raise at its timeout."""
        popped = pop(None)
        if popped is not None:
            return popped
        job = self._from_database()
        return (queue_key, job) if job else pop(BLOCK_S)

    def _from_database(self) -> str | None:
        at = time.monotonic()
        self.tried = {job: until for job, until in self.tried.items() if until > at}
        close_old_connections()
        try:
            job = undispatched(self.queues, self.tried)
        except (DatabaseError, InterfaceError):  # it is away: the next look is after BLOCK_S
            return None
        if job:
            self.tried[job] = at + TRIED_S
        return job

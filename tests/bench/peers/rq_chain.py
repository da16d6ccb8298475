"""RQ by itself: jobs that depend on each other, on its SimpleWorker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rq import Queue
from rq.job import Job, JobStatus

from tests.bench.peers.stage import STEPS, Peer, Place, process, python

POLL_S = 0.0005


def nothing() -> None:
    return None


@contextmanager
def running(place: Place) -> Iterator[Callable[[], object]]:
    queue = Queue("peers", connection=place.redis)
    words = python("-m", "rq.cli", "worker", "--url", place.redis_url, "--quiet",
                   "--worker-class", "rq.SimpleWorker", "peers")  # fmt: skip
    with process(words, place.folder, place.environment()):
        yield lambda: _run(queue)


def _run(queue: Queue) -> None:
    job: Job | None = None
    for _ in range(STEPS):
        job = queue.enqueue_call(nothing, depends_on=job)
    assert job is not None
    while job.get_status() != JobStatus.FINISHED:
        time.sleep(POLL_S)


PEER = Peer("RQ, jobs that depend on each other", "a job's status and result in Redis; no undo", running)

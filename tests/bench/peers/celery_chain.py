"""Celery: a chain of tasks, one worker process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from celery import Celery, chain

from tests.bench.peers.stage import REDIS_URL, STEPS, Peer, Place, process, python

END_S_MAX = 60.0


def _address(redis_url: str) -> str:
    return redis_url.replace("unix://", "redis+socket://", 1)


def application(redis_url: str) -> Celery:
    address = _address(redis_url)
    return Celery("peers", broker=address, backend=address)


app = application(os.environ.get(REDIS_URL, "unix:///nowhere"))


@app.task(name="nothing")
def nothing() -> None:
    return None


@contextmanager
def running(place: Place) -> Iterator[Callable[[], object]]:
    address = _address(place.redis_url)
    app.conf.broker_url = app.conf.result_backend = address
    words = python("-m", "celery", "-A", "tests.bench.peers.celery_chain", "worker", "--pool", "solo",
                   "--loglevel", "ERROR", "--without-gossip", "--without-mingle")  # fmt: skip
    with process(words, place.folder, place.environment()):
        yield lambda: chain(nothing.si() for _ in range(STEPS)).apply_async().get(END_S_MAX)


PEER = Peer(
    "Celery, a chain", "a task's result in Redis; a task is acknowledged before it runs; no undo", running
)

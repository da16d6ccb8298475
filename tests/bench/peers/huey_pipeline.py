"""Huey: a pipeline of tasks, one worker thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from huey import RedisHuey

from tests.bench.peers.stage import REDIS_URL, STEPS, Peer, Place, process, python


def application(redis_url: str) -> RedisHuey:
    return RedisHuey("peers", url=redis_url)


huey = application(os.environ.get(REDIS_URL, "unix:///nowhere"))


@huey.task(name="nothing")
def nothing(*_: object) -> int:
    return 1


@contextmanager
def running(place: Place) -> Iterator[Callable[[], object]]:
    here = application(place.redis_url)
    task = here.task(name="nothing")(lambda *_: 1)
    words = python("-m", "huey.bin.huey_consumer", "tests.bench.peers.huey_pipeline.huey", "-w", "1", "-q")
    with process(words, place.folder, place.environment()):
        yield lambda: _run(here, task)


def _run(here: RedisHuey, task: Any) -> None:
    pipeline = task.s()
    for _ in range(STEPS - 1):
        pipeline = pipeline.then(task)
    here.enqueue(pipeline).get(blocking=True, backoff=1.0, max_delay=0.0005)


PEER = Peer("Huey, a pipeline", "a task's result in Redis until it is read; no undo", running)

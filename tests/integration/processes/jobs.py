"""Jobs for the tests of worker processes. They report through Redis lists."""

from __future__ import annotations

import os
import re
import signal
import time

from django.conf import settings
from redis import Redis

from runs.models import WorkerProcess
from workers.process import identity

DEADLINE_S = 0.2


def tell(key: str, value: object) -> None:
    with Redis.from_url(settings.REDIS_URL) as client:
        client.rpush(key, str(value))


def identify() -> None:
    tell("test:ids", identity.current_process_id())


def crash() -> None:
    tell("test:crashing", identity.current_process_id())
    os.kill(os.getpid(), signal.SIGKILL)


def hold_the_interpreter() -> None:
    """Outlasts its deadline in C code that no signal handler or thread of Python can interrupt."""
    tell("test:holding", identity.current_process_id())
    identity.watch(time.monotonic() + DEADLINE_S)
    re.match(r"(a+)+$", "a" * 60 + "b")


def take_a_while(seconds: float) -> None:
    tell("test:begun", identity.is_stopping())
    time.sleep(seconds)
    tell("test:done", identity.is_stopping())


def fail() -> None:
    raise ValueError("a job that fails")


def ask_the_database() -> None:
    tell("test:processes", WorkerProcess.objects.count())

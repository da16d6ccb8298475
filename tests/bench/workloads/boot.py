"""The start of the product as `up` (N): the first page, on an empty folder and on a used one; the memory."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from django.urls import reverse

from tests.bench.figures import Bar, Figure, median
from tests.bench.parts import family, memory_mb, running
from tests.bench.stage import MANAGE, Stage
from tests.postgres import free_port

STARTS = 3
SETTLED_S = 30.0
READY_S_MAX = 60.0
POLL_S = 0.01
LEFT_OUT = ("WORKER_MODULES", "REDIS_URL")  # as a stranger starts it, with what the product brings


def booted(stage: Stage) -> list[Figure]:
    """N: seconds from the command to the first page; memory of all processes half a minute later."""
    first, second, memory = [], [], []
    for number in range(stage.some(STARTS, 1)):
        folder = stage.folder / f"boot-{number}"
        with _up(folder, stage.folder) as (took, _):
            first.append(took)
        with _up(folder, stage.folder) as (took, pid):
            second.append(took)
            time.sleep(stage.some(int(SETTLED_S), 5))
            memory.append(sum(map(memory_mb, family(pid))))
    return [
        Figure("N", "first page, first start", median(first), "s", Bar(4.0)),
        Figure("N", "first page, second start", median(second), "s", Bar(2.5)),
        Figure("N", "memory (PSS) of all processes", median(memory), "MB", Bar(220.0)),
    ]


@contextmanager
def _up(data: Path, logs: Path) -> Iterator[tuple[float, int]]:
    """The product as it starts; seconds to its first page, and the process that all others come from."""
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if key not in LEFT_OUT}
    began = time.monotonic()
    words = (*MANAGE, "up", "--port", str(port))
    with running(words, logs / "up.log", {**environment, "DATA_DIR": str(data)}) as process:
        while not _has_page(port):
            if time.monotonic() > began + READY_S_MAX:
                raise RuntimeError(f"no page; see {logs / 'up.log'}")
            time.sleep(POLL_S)
        yield time.monotonic() - began, process.pid


def _has_page(port: int) -> bool:
    client = HTTPConnection("127.0.0.1", port, timeout=READY_S_MAX)
    try:
        client.request("GET", reverse("login"), headers={"Host": "localhost"})
        return client.getresponse().status == 200
    except OSError:
        return False
    finally:
        client.close()

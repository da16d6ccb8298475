"""Steps that wait for another service (I): 200 at once in one worker process."""

from __future__ import annotations

import threading
import time

from tests.bench.figures import Bar, Figure
from tests.bench.parts import family, memory_mb
from tests.bench.stage import Stage
from tests.bench.workloads.steps import WAIT_S

AT_ONCE = 200
WATCH_S = 0.2


def waiting(stage: Stage) -> list[Figure]:
    """I: 200 runs of an async step that waits 5 s."""
    count = stage.some(AT_ONCE, 50)
    with stage.workers() as pool:
        watch = MemoryWatch(pool.pid)
        began = time.perf_counter()
        watch.start()
        stage.wait_for_all(stage.start_many("bench_wait", count), poll_s=0.02)
        took = time.perf_counter() - began
        watch.stop()
    return [
        Figure("I", f"{count} runs that wait {WAIT_S:.0f} s", took, "s", Bar(1.5 * WAIT_S)),
        Figure("I", "memory of the worker process, most", watch.most_mb, "MB", Bar(300.0)),
    ]


class MemoryWatch(threading.Thread):
    """The largest memory that one child of a process had."""

    def __init__(self, parent: int) -> None:
        super().__init__(daemon=True)
        self.parent = parent
        self.most_mb = 0.0
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(WATCH_S):
            found = [memory_mb(pid) for pid in family(self.parent)[1:]]
            self.most_mb = max([self.most_mb, *found])

    def stop(self) -> None:
        self._ended.set()
        self.join()

"""An idle system (F): the memory of each process, and the CPU that all take together."""

from __future__ import annotations

import sys
import time

from tests.bench.figures import Bar, Figure
from tests.bench.parts import cpu_s, family, memory_mb
from tests.bench.stage import Stage
from tests.postgres import free_port

SETTLE_S = 3.0
PROCESSES = 2


def idle(stage: Stage) -> list[Figure]:
    """F: two worker processes that have worked before, a scheduler, daphne and Valkey."""
    port = str(free_port())
    daphne = (sys.executable, "-m", "daphne", "--verbosity", "0", "--port", port, "config.asgi:application")
    with (
        stage.workers(PROCESSES) as pool,
        stage.scheduler() as scheduler,
        stage.part(*daphne) as web,
    ):
        stage.wait_for_all(stage.start_many("bench_row", 20))
        time.sleep(SETTLE_S)
        parent, *children = family(pool.pid)
        parts = {
            "worker pool, parent": [parent],
            "worker processes": children,
            "scheduler": family(scheduler.pid),
            "Valkey": [int(stage.redis.info("server")["process_id"])],
            "daphne": family(web.pid),
        }
        used = _cpu_shares(parts, stage.some(30, 6))
        memory = {name: max(map(memory_mb, pids)) for name, pids in parts.items()}
    figures = [Figure("F", f"CPU of {name}", share, "%") for name, share in used.items()]
    figures += [Figure("F", f"memory (PSS) of {name}, each", mb, "MB") for name, mb in memory.items()]
    total = sum(share for name, share in used.items() if name != "daphne")
    return [
        Figure("F", "memory (PSS) of a worker process, most", memory["worker processes"], "MB", Bar(70.0)),
        Figure("F", "CPU of all but daphne", total, "%", Bar(0.5)),
        *figures,
    ]


def _cpu_shares(parts: dict[str, list[int]], seconds: float) -> dict[str, float]:
    """Per cent of one core."""
    before = {name: sum(map(cpu_s, pids)) for name, pids in parts.items()}
    began = time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    return {name: 100 * (sum(map(cpu_s, pids)) - before[name]) / took for name, pids in parts.items()}

"""Fan-out (C): maps of 100, 1,000 and 10,000 items and their join."""

from __future__ import annotations

import time

from tests.bench.figures import Bar, Figure, median
from tests.bench.stage import Stage, forget_runs

SIZES = (100, 1_000, 10_000)
ROUNDS = {100: 5, 1_000: 5, 10_000: 3}


def fan_out(stage: Stage) -> list[Figure]:
    """C: with one worker process."""
    sizes = SIZES[:2] if stage.is_quick else SIZES
    job = stage.references.rq_job()
    took: dict[int, float] = {}
    with stage.workers():
        _time(stage, 10)
        for size in sizes:
            took[size] = median([_time(stage, size) for _ in range(stage.some(ROUNDS[size], 1))])
    forget_runs()
    figures = [Figure("C", f"{size:,} items", took[size], "s") for size in sizes]
    figures += [
        Figure("C", f"per item of {size:,}", took[size] / size / job, "x", Bar(0.5)) for size in sizes
    ]
    small, large = sizes[-2:]
    growth = took[large] / took[small]
    return [*figures, Figure("C", f"{large:,} items to {small:,}", growth, "x", Bar(11.0))]


def _time(stage: Stage, size: int) -> float:
    numbers = list(range(size))
    began = time.perf_counter()
    stage.wait_for(stage.start("bench_map", {"numbers": numbers}), poll_s=0.005)
    return time.perf_counter() - began

"""Steps behind a named limit that has slots for all of them, to the same steps without (J)."""

from __future__ import annotations

import time

from designer.models import Limit
from tests.bench.figures import Bar, Figure, median
from tests.bench.stage import Stage, forget_runs
from tests.bench.workloads.rows import AT_ONCE, ROUNDS, WARM_UP, run_times
from tests.bench.workloads.steps import LIMIT, LIMIT_AT_ONCE


def limited(stage: Stage) -> list[Figure]:
    """J: a run of 10 steps that each take a free slot; 200 such runs at once."""
    Limit.objects.update_or_create(name=LIMIT, defaults={"at_once": LIMIT_AT_ONCE})
    alone, crowd = [], []
    with stage.workers():
        for name in ("bench_row", "bench_limited"):
            run_times(stage, name, WARM_UP)
        for _ in range(ROUNDS):
            plain = median(run_times(stage, "bench_row", stage.some(40, 6)))
            alone.append(median(run_times(stage, "bench_limited", stage.some(40, 6))) / plain)
        for _ in range(stage.some(3, 1)):
            plain = _together(stage, "bench_row")
            crowd.append(_together(stage, "bench_limited") / plain)
            forget_runs()
    return [
        Figure("J", "a step behind a free limit to one without", median(alone), "x", Bar(2.5)),
        Figure("J", f"the same, {AT_ONCE} runs at once", median(crowd), "x"),
    ]


def _together(stage: Stage, name: str) -> float:
    began = time.perf_counter()
    stage.wait_for_all(stage.start_many(name, AT_ONCE))
    return time.perf_counter() - began

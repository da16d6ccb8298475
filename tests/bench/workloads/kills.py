"""A worker process that is killed (G): how long until its step runs again, and the run has completed."""

from __future__ import annotations

import time

from tests.bench.figures import Bar, Figure, median
from tests.bench.stage import Stage
from tests.bench.workloads.steps import BACK_AT, DIED_AT

KILLS = 20


def killed(stage: Stage) -> list[Figure]:
    """G: kill -9 in step 5 of 10, with two worker processes and a scheduler."""
    again, completed = [], []
    with stage.workers(2), stage.scheduler():
        for _ in range(1 + stage.some(KILLS, 3)):
            stage.redis.delete(DIED_AT, BACK_AT)
            run_id = stage.start("bench_die")
            stage.wait_for(run_id, poll_s=0.005)
            ended = time.time()
            died, back = (float(stage.redis.get(key) or ended) for key in (DIED_AT, BACK_AT))
            again.append(back - died)
            completed.append(ended - died)
            stage.wait_for_workers(2)
    del again[0], completed[0]  # until then the scheduler was starting
    return [
        Figure("G", "from the kill to its step running again, median", median(again), "s", Bar(5.0)),
        Figure("G", "from the kill to its step running again, worst", max(again), "s", Bar(5.0)),
        Figure("G", "from the kill to completed, median", median(completed), "s"),
        Figure("G", "from the kill to completed, worst", max(completed), "s"),
    ]

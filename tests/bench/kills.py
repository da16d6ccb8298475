"""A worker process that is killed (G): how long until the run has completed all the same."""

from __future__ import annotations

import time

from tests.bench.figures import Bar, Figure, median
from tests.bench.stage import Stage
from tests.bench.steps import DIED_AT


def killed(stage: Stage) -> list[Figure]:
    """G: kill -9 in step 5 of 10, with two worker processes and a scheduler."""
    took = []
    with stage.workers(2), stage.scheduler():
        for _ in range(stage.some(9, 3)):
            stage.redis.delete(DIED_AT)
            run_id = stage.start("bench_die")
            stage.wait_for(run_id, poll_s=0.005)
            ended = time.time()
            took.append(ended - float(stage.redis.get(DIED_AT) or ended))
            stage.wait_for_workers(2)
    return [
        Figure("G", "from the kill to completed, median", median(took), "s", Bar(5.0)),
        Figure("G", "from the kill to completed, worst", max(took), "s"),
    ]

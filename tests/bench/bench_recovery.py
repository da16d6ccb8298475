"""How long a step rests when its worker process is killed: from the kill to the next attempt's start."""

from __future__ import annotations

import os
import signal
import statistics
import time
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings
from redis import Redis

from runs import engine
from runs.models import StepRun, WorkerProcess
from tests.integration.processes.conftest import running
from tests.integration.runs.conftest import Publish, chain, publish, step
from workers.registry import get_catalog

__all__ = ["publish"]
KILLS = 20
POLL_S = 0.005
MEDIAN_S_MAX = 2.0
WORST_S_MAX = 5.0


def attempt_after(attempt: int) -> StepRun:
    """The step when it runs in a later attempt."""
    while True:
        found = StepRun.objects.filter(status="running", attempt__gt=attempt).first()
        if found is not None:
            return found
        time.sleep(POLL_S)


@pytest.mark.django_db(transaction=True)
def test_a_killed_process_s_step_runs_again(
    publish: Publish, settings: Settings, redis_client: Redis, tmp_path: Path
) -> None:
    settings.WORKER_MODULES = ["tests.bench.nap"]
    get_catalog.cache_clear()
    engine.start_run(publish(chain(step("a", worker="nap", compensation="none"))), {})
    took = []
    modules = "tests.bench.nap"
    with (
        running("worker", "--processes", "2", log=tmp_path / "workers", WORKER_MODULES=modules),
        running("scheduler", log=tmp_path / "scheduler", WORKER_MODULES=modules),
    ):
        found = attempt_after(0)
        for _ in range(KILLS):
            pid = WorkerProcess.objects.get(id=found.process).pid
            began = time.monotonic()
            os.kill(pid, signal.SIGKILL)
            found = attempt_after(found.attempt)
            took.append(time.monotonic() - began)
    get_catalog.cache_clear()
    print(f"\n{KILLS} kills: median {statistics.median(took):.2f} s, worst {max(took):.2f} s")
    assert statistics.median(took) < MEDIAN_S_MAX
    assert max(took) < WORST_S_MAX

"""A frozen worker process is woken after its lease has ended: what it reports then has no effect."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from redis import Redis

from runs.engine import engine
from runs.models import JournalEntry, Run, StepRun
from tests.integration.processes.conftest import Bell, running, wait_for
from tests.integration.runs.conftest import Publish, chain, publish, step
from tests.replay import replayed

__all__ = ["publish"]
MODULES = {"WORKER_MODULES": "tests.integration.processes.workers"}


@pytest.mark.rule("R4.9")
def test_a_process_that_is_woken_past_its_lease_changes_nothing(
    bell: Bell, redis_client: Redis, publish: Publish, own_workers: None, tmp_path: Path
) -> None:
    version = publish(
        chain(*(step(name, worker=name, compensation="none") for name in ("stubborn", "newcomer")))
    )
    log = tmp_path / "frozen.log"
    with (
        running("worker", log=log, **MODULES) as frozen,
        running("scheduler", log=tmp_path / "scheduler.log", **MODULES),
    ):
        run = engine.start_run(version, {})
        wait_for(lambda: bell.told("attempts"))
        child = int(bell.told("attempts")[0].split()[1])
        for pid in (frozen.pid, child):  # the pool's parent would kill it
            os.kill(pid, signal.SIGSTOP)
        with running("worker", log=tmp_path / "other.log", **MODULES):
            wait_for(lambda: Run.objects.filter(pk=run.pk, status="completed", tally_at=None).exists())
        before = facts(run)  # the scheduler has counted it, too
        redis_client.set("test:wake", 1)
        os.kill(child, signal.SIGCONT)
        wait_for(lambda: "report discarded" in log.read_text())
        assert facts(run) == before
        os.kill(frozen.pid, signal.SIGCONT)
        again = engine.start_run(version, {})
        wait_for(lambda: Run.objects.get(pk=again.pk).status == "completed")
    assert [told.split()[0] for told in bell.told("attempts")][:2] == ["1", "2"]
    assert facts(run) == before
    assert replayed(run).payload(StepRun.objects.get(run=run, name="stubborn").output_seq or 0) == {"by": 2}


def facts(run: Run) -> object:
    """All that is stored of a run, but not whether the scheduler has counted it."""
    stored = Run.objects.filter(pk=run.pk).values().get()
    return (
        {name: value for name, value in stored.items() if name not in ("tallied_seq", "tally_at")},
        list(StepRun.objects.filter(run=run).values()),
        list(JournalEntry.objects.filter(run=run).values()),
    )

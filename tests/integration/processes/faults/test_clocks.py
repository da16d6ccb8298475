"""Hosts whose clocks are a minute off, one ahead and one behind: leases and timers go by the database's."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection  # noqa: F401 (read by skipif)
from django.db.models import F
from redis import Redis

from designer.document.graph import Step
from runs.delivery import worker_processes
from runs.engine import engine
from runs.models import JournalEntry, Run, WorkerProcess
from runs.store import reader
from tests.integration.processes.conftest import Bell, hooked, running, wait_for
from tests.integration.runs.conftest import Publish, chain, publish, step
from tests.replay import replayed

__all__ = ["publish"]
MODULE = "tests.integration.processes.workers"
OFF_S = 60.0
RUNS = 6
PAUSE_S = 2.0
LATE_S_MAX = OFF_S  # a pause that a wrong clock decided about would be wrong by as much
SILENCE = timedelta(seconds=worker_processes.SILENT_AFTER_S)
NOTICED_MAX = SILENCE + timedelta(seconds=OFF_S)

pytestmark = pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one host, so one clock")


class Hosts:
    """Pools and schedulers that share the database and Redis, but neither disk nor clock."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.stack = stack

    def start(self, name: str, off_s: float, *commands: str) -> list[int]:
        """A host whose clock is `off_s` ahead, with these commands of manage.py; their process ids."""
        facts = hooked(
            DATA_DIR=str(self.folder / name),
            REDIS_URL=settings.REDIS_URL,
            WORKER_MODULES=MODULE,
            CLOCK_SHIFT_S=str(off_s),
        )
        (self.folder / name).mkdir(mode=0o700)
        return [
            self.stack.enter_context(running(command, log=self.log(name, command), **facts)).pid
            for command in commands
        ]

    def log(self, name: str, command: str) -> Path:
        return self.folder / f"{name}-{command}.log"


@pytest.fixture
def hosts(own_workers: None, redis_client: Redis, tmp_path: Path) -> Iterator[Hosts]:
    with ExitStack() as stack:
        yield Hosts(tmp_path, stack)
    for log in tmp_path.glob("*.log"):
        assert "Traceback" not in log.read_text()


@pytest.mark.rule("R10.3")
def test_timers_retries_and_timeouts_are_on_time(hosts: Hosts, publish: Publish) -> None:
    hosts.start("ahead", OFF_S, "worker", "scheduler")
    hosts.start("behind", -OFF_S, "worker", "scheduler")
    wait_for(lambda: WorkerProcess.objects.count() == 2)
    known = set(WorkerProcess.objects.values_list("id", flat=True))
    version = publish(
        chain(
            step("first", worker="newcomer", compensation="none"),
            step("hesitant", worker="hesitant", compensation="none"),
            Step("pause", kind="wait", seconds=PAUSE_S),
            step("last", worker="newcomer", compensation="none"),
        )
    )
    runs = [engine.start_run(version, {}) for _ in range(RUNS)]
    wait_for(lambda: Run.objects.filter(status="completed").count() == RUNS)
    for run in runs:
        assert replayed(run).run.status == "completed"
        check_pauses(run)
    started = JournalEntry.objects.filter(type="step.started").values_list("step", flat=True)
    assert Counter(started) == {"first": RUNS, "hesitant": 3 * RUNS, "last": RUNS}
    assert set(WorkerProcess.objects.values_list("id", flat=True)) == known, "nobody was taken for lost"


def check_pauses(run: Run) -> None:
    """Two retries after two seconds, one timeout of two seconds, and a wait of two."""
    first, failed, second, timed_out, third, _ = moments(run, "hesitant", "step.queued", "step.progress")
    waiting, waited = moments(run, "pause")
    for begin, end in ((failed, second), (second, timed_out), (timed_out, third), (waiting, waited)):
        assert timedelta(seconds=PAUSE_S) <= end - begin < timedelta(seconds=LATE_S_MAX)
    assert failed - first < timedelta(seconds=LATE_S_MAX)


def moments(run: Run, step: str, *but: str) -> list[datetime]:
    """When the entries of a step were made."""
    entries = JournalEntry.objects.filter(run=run, step=step).exclude(type__in=but)
    return list(entries.order_by("seq").values_list("at", flat=True))


@pytest.mark.parametrize("off_s", [OFF_S, -OFF_S], ids=["ahead", "behind"])
@pytest.mark.rule("R10.3")
def test_a_lost_host_is_noticed_and_a_living_one_is_not(
    hosts: Hosts, publish: Publish, bell: Bell, off_s: float
) -> None:
    [lost] = hosts.start("lost", off_s, "worker")
    run = engine.start_run(publish(chain(step("long", worker="long", compensation="none"))), {})
    wait_for(lambda: bell.told("begun"))
    hosts.start("other", -off_s, "worker", "scheduler")
    wait_for(lambda: WorkerProcess.objects.count() == 2)
    wait_for(lambda: WorkerProcess.objects.filter(seen_at__gt=F("started_at") + SILENCE).count() == 2)
    assert bell.told("begun") == ["1"]
    killed_at = reader.now()
    os.kill(lost, signal.SIGKILL)  # its children end with it
    wait_for(lambda: len(bell.told("begun")) == 2)
    wait_for(lambda: Run.objects.get(pk=run.pk).status == "completed")
    noticed = JournalEntry.objects.get(run=run, type="step.retry_scheduled")
    assert noticed.at - killed_at < NOTICED_MAX

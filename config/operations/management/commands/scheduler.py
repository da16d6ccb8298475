"""`manage.py scheduler`: the loop that runs the sweep, the retention and the counters.

One thread, several tasks with intervals of their own. What a task does is in `runs.maintenance` and
`runs.statistics`; here is only when it is due. Several schedulers may run at once.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from argparse import ArgumentParser
from dataclasses import dataclass
from types import FrameType
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections
from redis.exceptions import RedisError

from config.lib.commands import SagaboardCommand, one_line
from config.operations.diagnostics import refuse_unmigrated
from config.operations.options import add_migrated
from runs.delivery import worker_processes
from runs.maintenance.retention import Place, prune_step
from runs.maintenance.sweep import sweep_due, sweep_once
from runs.statistics import counters
from runs.subscriptions import collecting

DUE_EVERY_S = 0.5  # how late a timer fires at most, unless the database is slow
SWEEP_EVERY_S = 3.0  # interval of a full sweep
PRUNE_EVERY_S = 3_600.0
SAMPLE_EVERY_S = 60.0
TALLIES_PER_PASS = 5
FAILURE_DELAY_S_MAX = 6.0
SLOW_PASS_S = 5.0  # a pass that takes longer was held up by the database
STEADY_S = 2 * worker_processes.HEARTBEAT_S

log = logging.getLogger(__name__)


class Command(SagaboardCommand):
    requires_system_checks: list[str] = []  # they import all pages; a restart is faster without them
    help = (
        "Fires timers, expires leases of lost workers and rings lost jobs again. SIGTERM or Ctrl-C ends it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_migrated(parser)

    def handle(self, *args: Any, migrated: bool, **options: Any) -> None:
        if not migrated:
            refuse_unmigrated()
        loop = SweepLoop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, loop.request_stop)
        loop.run()


@dataclass
class Pruning:
    """Retention of one kind of runs: one bounded step each pass, and a pause of an hour once none is left.

    With `days` 0 it only finishes removals that were begun elsewhere.
    """

    days: float
    trials_only: bool = False
    due_at: float = 0.0
    place: Place | None = None

    def step_if_due(self) -> None:
        if time.monotonic() >= self.due_at:
            step = prune_step(self.days or None, self.place, trials_only=self.trials_only)
            self.place = step.place
            if step.is_done:
                self.due_at = time.monotonic() + PRUNE_EVERY_S


class SweepLoop:
    """Fires due timers twice a second; does everything else less often.

    A pass that fails is logged and repeated, with a delay that doubles up to `FAILURE_DELAY_S_MAX`.

    A worker process counts as lost once its heartbeats stop. While the database is unavailable no process can
    send one, so silence counts only after the database has been steady for `STEADY_S`.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.delay_s = DUE_EVERY_S
        self.sweep_at = self.tally_at = time.monotonic()
        self.steady_since = time.monotonic()
        self.prunings = [
            Pruning(settings.RETENTION_DAYS),
            Pruning(settings.TRIAL_RETENTION_DAYS, trials_only=True),
        ]
        self.sample_at = time.monotonic()

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.stop.set()

    def run(self) -> None:
        while not self.stop.is_set():
            self.sweep()
            self.stop.wait(self.delay_s)

    def sweep(self) -> None:
        began = time.monotonic()
        try:
            if began < self.sweep_at:
                sweep_due()
            else:
                self.sweep_at = began + SWEEP_EVERY_S
                sweep_once(silence_counts=began - self.steady_since > STEADY_S)
            for pruning in self.prunings:
                pruning.step_if_due()
            self.keep_figures()
            self.delay_s = DUE_EVERY_S
        except (DatabaseError, InterfaceError, RedisError) as error:
            self.slow_down(one_line(error))
        except Exception:
            self.slow_down("a bug", exc_info=True)
        if time.monotonic() - began > SLOW_PASS_S:
            self.steady_since = time.monotonic()

    def keep_figures(self) -> None:
        """Counts runs that have ended since, and once a minute samples the lengths of the queues."""
        if time.monotonic() >= self.tally_at:
            self.tally()
        if time.monotonic() >= self.sample_at:
            self.sample_at = time.monotonic() + SAMPLE_EVERY_S
            counters.sample_fleet()

    def tally(self) -> None:
        """Counts ended runs in bounded batches; while none end, the next pass comes later."""
        for _ in range(TALLIES_PER_PASS):
            counted = counters.tally_once(collecting.note_ends)
            if counted < counters.RUNS_PER_PASS:
                break
        self.tally_at = time.monotonic() + (DUE_EVERY_S if counted else SWEEP_EVERY_S)

    def slow_down(self, reason: str, exc_info: bool = False) -> None:
        self.delay_s = min(2 * self.delay_s, FAILURE_DELAY_S_MAX)
        log.error("the sweep failed (%s); the next one is in %s s", reason, self.delay_s, exc_info=exc_info)
        self.steady_since = time.monotonic()
        connections.close_all()

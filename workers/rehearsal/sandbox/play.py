"""Plays one run in the sandbox: the engine decides, attempts are carried out here, nobody waits.

Due times of retries, timers and leases come at once, because the clock is set ahead to them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connections

from config.lib.errors import SagaboardError
from config.lib.times import skip_time
from designer.document.graph import Graph, slot_of
from designer.models import WorkflowVersion
from runs.delivery import queue
from runs.engine import engine
from runs.engine.engine import ClaimedAttempt
from runs.machine.errors import MachineError, Stale
from runs.machine.events import Dispatch
from runs.machine.states import RUN_ENDED, RunStatus
from runs.models import Run
from runs.store import reader
from workers.cli.local_run import Dispatches, next_timer
from workers.execution.execute import Task
from workers.execution.forked import begin
from workers.process.attempts import attempt
from workers.registry import get_catalog
from workers.rehearsal.faults import Fault
from workers.rehearsal.job import Job
from workers.rehearsal.sandbox.calls import callable_spec
from workers.rehearsal.sandbox.ledger import Effect, Ledger
from workers.rehearsal.sandbox.waits import Asked, answer_waits
from workers.sdk.outcome import Outcome
from workers.sdk.spec import WorkerSpec

TURNS_MAX = 5_000
SECONDS_MAX = 120.0
PROCESS = "rehearsal-{}"
ACTS = ("forward", "fallback")


@dataclass(frozen=True, slots=True)
class Seen:
    """An attempt that is about to begin. `path`: of its step; `spec`: what is called."""

    path: str
    key: str
    graph: Graph
    task: Task
    spec: WorkerSpec


Watch = Callable[[Seen], None]


@dataclass
class Play:
    """One run with at most one fault at one step. `watch` is told of each attempt before it begins."""

    job: Job
    version: WorkflowVersion
    user: Any
    step: str = ""
    fault: Fault | None = None
    watch: Watch = lambda seen: None
    ledger: Ledger = field(default_factory=Ledger)
    answered: set[Asked] = field(default_factory=set)
    paths: dict[UUID, str] = field(default_factory=dict)
    target: tuple[UUID, str] | None = None  # the run and the key of the step that the fault strikes
    strikes: int = 0
    is_called_off: bool = False
    is_stuck: bool = False
    run_id: UUID | None = None

    def run(self) -> Run:
        """Plays the run until it has ended, or waits for what nobody here can give."""
        began = time.monotonic()
        with queue.collect_dispatches() as dispatches:
            run = engine.start_run(self.version, self.job.input, user=self.user, trial=True)
            self.run_id = run.pk
            turns = 0
            while self._go_on(dispatches):
                turns += 1
                if turns >= TURNS_MAX or time.monotonic() - began > SECONDS_MAX:
                    self.is_stuck = True
                    break
        run.refresh_from_db()
        return run

    @property
    def family(self) -> list[UUID]:
        """The run and all that it has started."""
        return list(Run.objects.order_by("created_at").values_list("pk", flat=True))

    # --- what comes next ---

    def _go_on(self, dispatches: Dispatches) -> bool:
        if dispatches:
            self._attempt(*dispatches.popleft())
            return True
        assert self.run_id is not None
        status = Run.objects.values_list("status", flat=True).get(pk=self.run_id)
        if RunStatus(status) in RUN_ENDED:
            return self._may_go_back(status)
        return answer_waits(self._open_runs(), self.user, self.answered) or self._skip_ahead()

    def _open_runs(self) -> list[UUID]:
        return [pk for pk, status in Run.objects.values_list("pk", "status") if status not in RUN_ENDED]

    def _skip_ahead(self) -> bool:
        assert self.run_id is not None  # set before the first turn
        timer = next_timer(self.run_id)
        if timer is None:
            return False
        due_at, fire = timer
        skip_time(due_at - reader.now() + timedelta(milliseconds=1))
        with suppress(Stale):
            fire()
        return True

    def _may_go_back(self, status: str) -> bool:
        """Rolls a completed run back where a fault of an undo still waits for its rollback."""
        is_wanted = self.fault is not None and self.fault.of_undo and not self.is_called_off
        if not is_wanted or status != RunStatus.COMPLETED or self.run_id is None:
            return False
        self.is_called_off = True
        try:
            engine.roll_back(self.run_id, user=self.user)
        except (SagaboardError, MachineError):
            return False
        return True

    # --- attempts ---

    def _attempt(self, run_id: UUID, dispatch: Dispatch) -> None:
        process = PROCESS.format(self.ledger.attempts)
        claimed = attempt.claim(run_id, dispatch.step, dispatch.lease, process, None)
        if claimed is None:
            return
        self.ledger.attempts += 1
        task = attempt.prepare(claimed)
        outcome = task if isinstance(task, Outcome) else self._outcome(claimed, task)
        if outcome is None:
            engine.process_lost(process)
        else:
            attempt.report(claimed, outcome, None)
        if not isinstance(task, Outcome):
            self._call_off(claimed, task)

    def _outcome(self, claimed: ClaimedAttempt, task: Task) -> Outcome | None:
        """Carries an attempt out; None if its process was lost."""
        path = self.path_of(claimed)
        task = replace(task, is_rehearsal=True, may_simulate=True)
        spec = callable_spec(get_catalog()[task.worker], task, path, self.job, self.ledger)
        fault = self._fault_of(claimed, task, path)
        self.watch(Seen(path, claimed.step, claimed.graph, task, spec))
        carried = begin(task, spec, connections.close_all, fault.strike if fault else None)()
        if carried.acted:
            definition = claimed.graph.by_name[claimed.step.partition("[")[0]]
            self.ledger.note(task.idempotency_key, Effect(path, slot_of(definition)), task.direction)
        return carried.outcome

    def _fault_of(self, claimed: ClaimedAttempt, task: Task, path: str) -> Fault | None:
        """The fault that strikes this attempt. A map's first item stands for all of them."""
        fault = self.fault
        direction = "undo" if fault is not None and fault.of_undo else "forward"
        if fault is None or path != self.step or task.direction != direction:
            return None
        here = (claimed.run_id, claimed.step)
        self.target = self.target or here
        if here != self.target or (self.strikes and not fault.lasts):
            return None
        self.strikes += 1
        return fault

    def _call_off(self, claimed: ClaimedAttempt, task: Task) -> None:
        """Cancels the run after the step whose undo is to fail."""
        is_wanted = self.fault is not None and self.fault.of_undo and not self.is_called_off
        if not is_wanted or self.run_id is None or task.direction not in ACTS:
            return
        if self.path_of(claimed) != self.step or task.idempotency_key not in self.ledger.there:
            return
        with suppress(SagaboardError, MachineError):
            engine.cancel_run(self.run_id, "compensate", self.user)
            self.is_called_off = True

    def path_of(self, claimed: ClaimedAttempt) -> str:
        """The path of a claimed step: `step`, or `outer/step` within a run that a step has started."""
        return self.path_in(claimed.run_id, claimed.step)

    def path_in(self, run_id: UUID, step: str) -> str:
        return self._path(run_id) + step.partition("[")[0]

    def _path(self, run_id: UUID) -> str:
        if run_id not in self.paths:
            of_run = Run.objects.values_list("parent_id", "parent_step", "workflow_name")
            parent, step, workflow = of_run.get(pk=run_id)
            inner = f"{step.partition('[')[0]}/"
            first = "" if run_id == self.run_id else f"{workflow}: "  # one that a worker has started
            self.paths[run_id] = first if parent is None else self._path(parent) + inner
        return self.paths[run_id]

"""The world around the machine: transactions, a queue, processes, a clock, and crashes.

Imitates `runs.engine`, `runs.store` and `runs.maintenance.sweep` without a database: an event is decided and
committed, and its commands are carried out afterwards, unless the process dies in between. A `Witness` and a
replica, replayed from the journal alone, see every entry.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from types import MappingProxyType
from typing import Any

from designer.document.graph import Graph
from runs.machine.bindings import run_output
from runs.machine.decide import create
from runs.machine.errors import Refused, Stale
from runs.machine.events import (
    Cancel,
    CancelChild,
    CancelMode,
    Claim,
    Command,
    EndChild,
    Event,
    Lose,
    Pause,
    PauseChild,
    Report,
    Resume,
    ResumeChild,
    Rollback,
    RollBackChild,
    Start,
    StartChild,
    TellParent,
    TimeOut,
    Wake,
)
from runs.machine.rollback.pivots import has_passed
from runs.machine.rollback.plan import left_by, may_go_back
from runs.machine.states import RUN_ENDED, RunState, StepStatus, UndoStatus
from runs.machine.steps.taking_over import TakenOver
from tests.simulation.checks import Watched, marks_of
from tests.simulation.effects import Effects
from tests.simulation.flow import lines, pauses
from tests.simulation.memory import Memory
from tests.simulation.model import demand
from tests.simulation.units import ClaimedAttempt, Crash, Job, Unit

START = datetime(2026, 1, 1, tzinfo=UTC)
STILL_QUEUED_S = 15.0
CHILD_GRACE_S = 5.0
LIVE = frozenset({"running", "waiting", "compensating", "blocked"})


@dataclass
class World:
    """All runs, jobs and processes. `crashes`: the probability that a process dies at a commit."""

    rng: Random
    library: Mapping[str, Graph]
    now: datetime = START
    crashes: float = 0.0
    runs: dict[str, Memory] = field(default_factory=dict)
    watched: dict[str, Watched] = field(default_factory=dict)
    queue: list[Job] = field(default_factory=list)
    for_slots: list[Job] = field(default_factory=list)  # jobs that found no slot
    claimed: list[ClaimedAttempt] = field(default_factory=list)
    processes: list[str] = field(default_factory=lambda: ["p0", "p1", "p2"])
    seen: Counter[str] = field(default_factory=Counter)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: lines.Lines = field(default_factory=lines.Lines)
    effects: Effects = field(init=False)

    def __post_init__(self) -> None:
        self.effects = Effects(self.rng)

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    # --- transactions ---

    @contextmanager
    def unit(self, run: str) -> Iterator[Unit]:
        """Takes events on one run, then commits and carries out the commands. Raises Crash."""
        with self.lines.transaction():
            unit = self._open(run)
            yield unit
            self._start_children(unit)
            if self.rng.random() < self.crashes / 2:
                raise Crash("before the commit")
            for member in unit.family():
                self._commit(member)
        lines.check(self)
        if self.rng.random() < self.crashes:
            raise Crash("after the commit")
        for member in unit.family():
            self._dispatch(member)

    def take(self, run: str, event: Event) -> bool:
        """Takes one event in a transaction of its own. Returns whether it had an effect."""
        self.seen[type(event).__name__] += 1
        try:
            with self.unit(run) as unit:
                unit.take(event)
        except Stale:
            self.seen[f"{type(event).__name__} stale"] += 1
            return False
        return True

    def _open(self, run: str) -> Unit:
        memory = self.runs[run]
        return Unit(run, memory, memory.state(), memory.graph)

    def _commit(self, unit: Unit) -> None:
        if not unit.decisions:
            return
        self.runs[unit.id] = unit.memory
        watched = self.watched.setdefault(unit.id, Watched(unit.memory))
        with watched.commit() as entries:
            dispatches = {dispatch.step: dispatch.queue for dispatch in unit.dispatches}
            entries += unit.memory.save(unit.decisions, dispatches, self.now)
        lines.leave(self, unit.memory)
        self.seen.update(entry.type for entry in entries)
        failed = (entry for entry in entries if entry.type == "step.failed")
        self.seen.update(f"failed {entry.data['error'].get('code')}" for entry in failed)
        self.seen.update(mark for entry in entries for mark in marks_of(entry))

    def _dispatch(self, unit: Unit) -> None:
        self.queue += [Job(unit.id, dispatch.step, dispatch.lease) for dispatch in unit.dispatches]
        lines.follow(self, unit.id)
        for command in unit.commands:
            self._carry_out(unit.id, command)

    def _carry_out(self, run: str, command: Command) -> None:
        match command:
            case CancelChild(child, mode, by):
                self.cancel(child, mode, by)
            case RollBackChild(child, by):
                self.roll_back_child(child, by)
            case TellParent():
                self.tell_parent(run)
            case PauseChild(child, by):
                pauses.to_child(self, child, Pause(self.now, by, by_parent=True))
            case ResumeChild(child, by):
                pauses.to_child(self, child, Resume(self.now, by, by_parent=True))
            case _:
                pass

    # --- runs ---

    def start(
        self,
        workflow: str,
        input: Mapping[str, Any],
        facts: Mapping[str, Any] = MappingProxyType({}),
        taken: tuple[TakenOver, ...] = (),
    ) -> str | None:
        """Starts a run, or lets it wait for its turn, in one transaction; None if its workflow is full."""
        id = f"run {len(self.runs)}"
        with self.lines.transaction():
            place = lines.join(self, self.library[workflow], id, input)
            if place is None:
                return None
            unit = self._create(id, workflow, input, begins=place.may_begin, facts=facts, taken=taken)
            self._start_children(unit)
            for member in unit.family():
                self._commit(member)
        lines.check(self)
        for member in unit.family():
            self._dispatch(member)
        return unit.id

    def _create(
        self,
        id: str,
        workflow: str,
        input: Mapping[str, Any],
        parent: str | None = None,
        step: str = "",
        depth: int = 0,
        timeout: float | None = None,
        within: Graph | None = None,
        begins: bool = True,
        facts: Mapping[str, Any] = MappingProxyType({}),
        taken: tuple[TakenOver, ...] = (),
    ) -> Unit:
        """Creates a run, and starts it if it need not wait for its turn."""
        graph = self.library[workflow] if within is None else within
        memory = Memory(graph, dict(input), RunState(id=id), parent, step)
        unit = Unit(id, memory, memory.state(), graph)
        data: dict[str, Any] = {"depth": depth, "workflow": workflow, **facts}
        timeouts = [seconds for seconds in (graph.timeout, timeout) if seconds is not None]
        if timeouts and begins:
            data["due_at"] = (self.now + timedelta(seconds=min(timeouts))).isoformat()
        unit.record(create(graph, unit.state, self.now, data, taken))
        if begins:
            unit.take(Start(self.now))
        return unit

    def _start_children(self, unit: Unit) -> None:
        """Creates child runs in the transaction that asks for them."""
        done = {child.id for child in unit.children}
        while todo := [c for c in unit.commands if isinstance(c, StartChild) and c.child not in done]:
            for command in todo:
                done.add(command.child)
                self._start_child(unit, command)

    def _start_child(self, unit: Unit, command: StartChild) -> None:
        within = unit.memory.base.body_of(command.body) if command.body else None
        if within is None and command.workflow not in self.library:
            error = {"code": "unknown_workflow", "message": command.workflow}
            unit.take(EndChild(self.now, command.step, command.child, "failed", error=error))
            return
        if command.own is not None:
            shared = unit.state.payload(command.outer) if command.outer else {}
            whole = {**unit.state.input, **shared, **command.own}
            demand(whole == command.input, f"the stored input of {command.step} is not what it begins with")
        begins = True
        if command.detached:
            place = lines.join(self, self.library[command.workflow], command.child, command.input)
            if place is None:
                error = {"code": "workflow_full", "message": command.workflow}
                unit.take(EndChild(self.now, command.step, command.child, "failed", error=error))
                return
            begins = place.may_begin
        about = (command.child, command.workflow, command.input, unit.id, command.step)
        child = self._create(*about, unit.state.run.depth + 1, command.timeout, within, begins)
        unit.children.append(child)
        self._start_children(child)
        if command.detached:
            unit.take(EndChild(self.now, command.step, command.child, "started"))

    def cancel(self, run: str, mode: CancelMode, by: str) -> None:
        """Cancels a run, if there is one: a child's creation may have failed."""
        if run not in self.runs:
            return
        try:
            self.take(run, Cancel(self.now, mode, by))
        except Refused:
            self.seen["Cancel refused"] += 1

    def roll_back_child(self, child: str, by: str) -> None:
        try:
            self.take(child, Rollback(self.now, by, by_parent=True))
        except Refused:
            if self.runs[child].run.phase == "forward":  # a detached run is under way
                self.cancel(child, "compensate", by)
            else:
                self.tell_parent(child)

    def tell_parent(self, run: str) -> None:
        memory = self.runs[run]
        status = memory.run.status
        if memory.parent is None or status not in RUN_ENDED:
            return
        output = run_output(memory.graph, memory.state()) if status == "completed" else None
        more: dict[str, Any] = {"left": left_by(memory.state())}
        more |= {"may_go_back": may_go_back(memory.run), "past_pivot": has_passed(memory.run)}
        event = EndChild(self.now, memory.parent_step, run, status.value, output, memory.run.error, **more)
        self.take(memory.parent, event)

    # --- attempts ---

    def claim(self, job: Job, process: str, *, begins: bool = True) -> bool:
        """Claims an attempt and, if it `begins`, carries it out. Returns whether it was there to claim."""
        self.seen["Claim"] += 1
        if pauses.must_wait(self, job):
            return False
        try:
            with self.unit(job.run) as unit:
                unit.take(Claim(self.now, job.step, job.lease, process))
        except Stale:
            self.seen["Claim stale"] += 1
            return False
        pauses.check_slots(self)
        if begins:
            self.perform(unit, job, process)
        return True

    def perform(self, unit: Unit, job: Job, process: str) -> None:
        outcome, added = self.watched[unit.id].perform(self.effects, job.step)
        self.claimed.append(ClaimedAttempt(job, process, outcome, added))

    def report(self, claimed: ClaimedAttempt, *, continues: bool = False) -> bool:
        """Reports an attempt; if it `continues`, the same unit claims a step that became ready."""
        self.seen["Report"] += 1
        jitter = self.rng.uniform(-1, 1)
        next_job: Job | None = None
        try:
            with self.unit(claimed.job.run) as unit:
                job = claimed.job
                unit.take(Report(self.now, job.step, job.lease, claimed.outcome, jitter, claimed.added))
                self._start_children(unit)
                if continues and unit.dispatches and not unit.dispatches[0].limit:
                    dispatch = unit.dispatches[0]
                    next_job = Job(job.run, dispatch.step, dispatch.lease)
                    unit.take(Claim(self.now, dispatch.step, dispatch.lease, claimed.process))
        except Stale:
            self.seen["Report stale"] += 1
            return False
        self.offer_slots()
        if next_job is not None:
            self.perform(unit, next_job, claimed.process)
        return True

    def lose_process(self, process: str) -> None:
        """Tells the runs that a process is gone, true or not; sometimes two sweeps do."""
        leases = [
            (run, step.name, step.lease)
            for run, memory in self.runs.items()
            for step in memory.rows.values()
            if step.process == process
        ]
        for run, name, lease in leases * self.rng.choice((1, 1, 1, 2)):
            self.take(run, Lose(self.now, name, lease, self.rng.uniform(-1, 1)))

    def offer_slots(self) -> None:
        """Offers what waits for slots again: some may be free now."""
        self.queue += self.for_slots
        self.for_slots.clear()

    # --- the sweep ---

    def sweep(self) -> None:
        """Does what `runs.maintenance.sweep` does in one pass."""
        self.offer_slots()
        pauses.pause_children(self)
        pauses.resume_children(self)
        lines.sweep(self)
        for one_pass in (self._due_steps, self._due_runs, self._ended_children, self._orphaned_children):
            one_pass()

    def _due_steps(self) -> None:
        queued = set(self.queue)
        for run, memory in list(self.runs.items()):
            due = [name for name, at in memory.due.items() if at is not None and at <= self.now]
            for name in due:
                step = memory.rows[name]
                if (step.status == StepStatus.QUEUED or step.undo == UndoStatus.PENDING) and Job(
                    run, name, step.lease + 1
                ) in queued:
                    memory.due[name] = self.now + timedelta(seconds=STILL_QUEUED_S)
                else:
                    self.take(run, Wake(self.now, name, self.rng.uniform(-1, 1)))

    def _due_runs(self) -> None:
        for run, memory in list(self.runs.items()):
            due_at = memory.run.due_at
            if due_at is not None and due_at <= self.now and memory.run.paused_at is None:
                self.take(run, TimeOut(self.now))

    def _ended_children(self) -> None:
        latest = self.now - timedelta(seconds=CHILD_GRACE_S)
        for run, memory in list(self.runs.items()):
            ended_at = memory.run.finished_at
            if memory.parent is None or ended_at is None or ended_at >= latest:
                continue
            parent = self.runs[memory.parent]
            step = parent.rows[memory.parent_step]
            if parent.run.status not in LIVE or memory.run.status not in RUN_ENDED:
                continue
            if step.undo == UndoStatus.RUNNING and step.due_at is None and parent.run.paused_at is None:
                self.roll_back_child(run, parent.run.by or step.undo_by)
            elif step.status == StepStatus.WAITING:
                self.tell_parent(run)

    def _orphaned_children(self) -> None:
        for run, memory in list(self.runs.items()):
            if memory.parent is None or memory.run.status not in LIVE:
                continue
            parent = self.runs[memory.parent]
            waits = parent.rows[memory.parent_step].status == StepStatus.WAITING
            if parent.run.status == "compensating" and waits and memory.run.status != "compensating":
                self.cancel(run, "compensate", parent.run.by)
            elif parent.run.status == "cancelled":
                self.cancel(run, "abandon", parent.run.by)

"""Runs that are made without a database, by the rules themselves, with known chances and a clock of their
own.

`decide` is given every event that worker processes, people and the sweep would bring; what a worker does, and
how long that takes, is drawn from `Chances`. Ten thousand runs take some two minutes, and say what really
happens to a workflow whose steps behave so: `tests.contract.forecast` holds forecasts against it.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from designer.document.graph import Graph
from runs.machine.answers import Answer
from runs.machine.bindings import run_output
from runs.machine.decide import create, decide
from runs.machine.errors import Refused, Stale
from runs.machine.events import (
    AnswerIntervention,
    Approve,
    Cancel,
    CancelChild,
    Claim,
    Command,
    Decision,
    Dispatch,
    EndChild,
    Entry,
    Event,
    Report,
    Rollback,
    RollBackChild,
    Start,
    StartChild,
    TellParent,
    Wake,
)
from runs.machine.journal.apply import Nothing
from runs.machine.retry_policy import action_of as _action
from runs.machine.rollback.pivots import has_passed
from runs.machine.rollback.plan import left_by, may_go_back
from runs.machine.states import RUN_ENDED, RunState, State
from workers.sdk.outcome import Failure, Outcome

START = datetime(2026, 1, 1, tzinfo=UTC)
PEOPLE = "anna"


@dataclass(frozen=True)
class Worker:
    """How a worker behaves: its median seconds and their spread, how often it fails, and with which codes.

    `again`: how often an attempt fails that follows a failure; as `fails` if it is not stated. Codes in
    `critical` are not tried again, whatever the policy says. `output` is drawn for each attempt.
    """

    median_s: float
    spread: float = 0.5
    fails: float = 0.0
    again: float | None = None
    codes: Mapping[str, float] = field(default_factory=lambda: {"unavailable": 1.0})
    critical: frozenset[str] = frozenset()
    output: Callable[[Random], Any] = lambda rng: {}

    def seconds(self, rng: Random) -> float:
        return self.median_s * math.exp(rng.gauss(0, self.spread))

    def outcome(self, rng: Random, has_failed: bool) -> Outcome:
        share = self.fails if self.again is None or not has_failed else self.again
        if rng.random() >= share:
            return Outcome("succeeded", self.output(rng))
        (code,) = rng.choices([*self.codes], [*self.codes.values()])
        return Outcome("failed", failure=Failure(code, code), retryable=code not in self.critical)


@dataclass(frozen=True)
class Chances:
    """How workers and people behave. Waiting for a worker process takes `queue_s` on average."""

    workers: Mapping[str, Worker]
    queue_s: float = 0.05
    person_s: float = 300.0
    answers: Mapping[Answer, float] = field(default_factory=lambda: {"retry": 1.0})
    approves: float = 1.0
    approval_s: float = 60.0


@dataclass
class Made:
    """A run, and what is in its journal. Bodies are runs of their own."""

    graph: Graph
    state: State
    parent: Made | None = None
    parent_step: str = ""
    body: str | None = None
    entries: list[Entry] = field(default_factory=list)
    started_at: datetime | None = None


class Maker:
    """Makes runs one after the other."""

    def __init__(self, graph: Graph, chances: Chances, seed: int) -> None:
        self.graph, self.chances, self.rng = graph, chances, Random(seed)
        self.events: list[tuple[datetime, int, Made, Event]] = []
        self.numbers = count()
        self.runs: dict[str, Made] = {}
        self.now = START

    def make(self, runs: int, input: Callable[[Random], Mapping[str, Any]]) -> Iterator[list[Made]]:
        """Yields each run with those of its bodies behind it."""
        for number in range(runs):
            self.runs, self.events, self.now = {}, [], START + timedelta(hours=number)
            self._begin(Made(self.graph, State(RunState(id=f"run {number}"), input(self.rng), Nothing())))
            while self.events:
                self.now, _, run, event = heapq.heappop(self.events)
                self._take(run, event)
            yield list(self.runs.values())

    def _begin(self, run: Made) -> None:
        self.runs[run.state.run.id] = run
        run.started_at = self.now
        self._keep(run, create(run.graph, run.state, self.now, {"workflow": run.graph.name}))
        self._take(run, Start(self.now))

    def _take(self, run: Made, event: Event) -> None:
        try:
            self._keep(run, decide(run.graph, run.state, event))
        except (Stale, Refused):
            return

    def _keep(self, run: Made, decision: Decision) -> None:
        run.state = decision.state
        run.entries += decision.entries
        for entry in decision.entries:
            self._follow(run, entry)
        for command in decision.commands:
            self._carry_out(run, command)

    def _at(self, seconds: float, run: Made, event: Callable[[datetime], Event]) -> None:
        at = self.now + timedelta(seconds=seconds)
        heapq.heappush(self.events, (at, next(self.numbers), run, event(at)))

    # --- what people, workers and the sweep do ---

    def _follow(self, run: Made, entry: Entry) -> None:
        rng, chances, step = self.rng, self.chances, entry.step
        if entry.type == "step.waiting" and entry.data.get("until"):
            self._wake(run, entry, entry.data["until"])
        if entry.type in ("step.started", "compensation.started") and "lease" in entry.data:
            self._work(run, entry)
        elif entry.type in ("step.retry_scheduled", "compensation.retry_scheduled"):
            self._wake(run, entry, entry.data["due_at"])
        elif entry.type == "step.waiting" and entry.data.get("for") == "approval":
            approved = rng.random() < chances.approves
            seconds = chances.approval_s * math.exp(rng.gauss(0, 0.8))
            self._at(seconds, run, lambda at: Approve(at, step, approved, PEOPLE, is_admin=True))
        elif entry.type == "intervention.opened":
            (answer,) = rng.choices([*chances.answers], [*chances.answers.values()])
            seconds = chances.person_s * math.exp(rng.gauss(0, 0.5))
            self._at(
                seconds, run, lambda at: AnswerIntervention(at, step, entry.seq, answer, PEOPLE, "a note")
            )

    def _wake(self, run: Made, entry: Entry, due_at: str) -> None:
        seconds = (datetime.fromisoformat(due_at) - self.now).total_seconds()
        jitter = self.rng.uniform(-1, 1)
        self._at(seconds, run, lambda at: Wake(at, entry.step, jitter))

    def _work(self, run: Made, entry: Entry) -> None:
        step = run.graph.by_name[entry.step.partition("[")[0]]
        action = _action(step, entry.data["direction"])
        worker, timeout = self.chances.workers[action.worker], action.timeout
        seconds = worker.seconds(self.rng)
        outcome = worker.outcome(self.rng, run.state.step(entry.step).failures > 0)
        if timeout is not None and seconds > timeout:
            seconds, outcome = timeout, Outcome("unknown", failure=Failure("timeout", "took too long"))
        jitter, lease = self.rng.uniform(-1, 1), entry.data["lease"]
        self._at(seconds, run, lambda at: Report(at, entry.step, lease, outcome, jitter))

    # --- commands ---

    def _carry_out(self, run: Made, command: Command) -> None:
        match command:
            case Dispatch(step, lease):
                seconds = self.rng.expovariate(1 / self.chances.queue_s)
                self._at(seconds, run, lambda at: Claim(at, step, lease, "p"))
            case StartChild(step, child, body=body) as start:
                graph, path = run.graph.body_of(step), body if run.body is None else f"{run.body}/{body}"
                state = State(RunState(id=child), start.input, Nothing())
                self._begin(Made(graph, state, run, step, path))
            case CancelChild(child, mode, by):
                self._take(self.runs[child], Cancel(self.now, mode, by))
            case RollBackChild(child, by):
                self._take(self.runs[child], Rollback(self.now, by, by_parent=True))
            case TellParent():
                self._tell_parent(run)
            case _:
                raise NotImplementedError(command)

    def _tell_parent(self, run: Made) -> None:
        state = run.state
        status = state.run.status
        if run.parent is None or status not in RUN_ENDED:
            return
        event = EndChild(
            self.now,
            run.parent_step,
            state.run.id,
            status.value,
            run_output(run.graph, state) if status == "completed" else None,
            state.run.error,
            left=left_by(state),
            may_go_back=may_go_back(state.run),
            past_pivot=has_passed(state.run),
        )
        self._take(run.parent, event)

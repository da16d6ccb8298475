"""A driver that takes one run through the machine event by event, in memory.

Every event is committed as the database would, and the simulation's witness and replica see its entries, so
that each test also proves what those check.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from designer.document.graph import Action, Body, Edge, Graph, Retry, Step
from runs.machine.answers import Answer
from runs.machine.bindings import run_output, task_bindings
from runs.machine.decide import create, decide
from runs.machine.errors import Refused, Stale
from runs.machine.events import (
    AnswerIntervention,
    Cancel,
    CancelMode,
    Claim,
    Command,
    Dispatch,
    EndChild,
    Entry,
    Event,
    Report,
    Rollback,
    Signal,
    Start,
    StartChild,
    Wake,
)
from runs.machine.states import RunState, StepState
from runs.machine.steps.taking_over import TakenOver
from tests.simulation.checks import Watched
from tests.simulation.memory import Memory
from tests.simulation.witness import Witness
from workers.sdk.outcome import Failure, Outcome

START = datetime(2026, 1, 1, tzinfo=UTC)
ONCE = Retry(max_attempts=1, jitter=0.0)
UNDO = Action("undo", retry=ONCE)

OK = Outcome("succeeded", {})
ERROR = Outcome("failed", failure=Failure("exception", "it broke", "ValueError"), retryable=True)
CRITICAL = Outcome("failed", failure=Failure("critical", "never again"))
UNKNOWN = Outcome("unknown", failure=Failure("timeout", "took too long"), retryable=True)
PERSON = Outcome("intervention", {"why": "odd"}, Failure("intervention_requested", "look at this"))
DONE = Outcome("succeeded", {"outcome": "done", "output": {"found": 1}})
NOT_DONE = Outcome("succeeded", {"outcome": "not_done"})


def gave(**output: Any) -> Outcome:
    return Outcome("succeeded", output)


def asks(delay: float | None = None, **more: Any) -> Outcome:
    failure = Failure("retry_needed", "returned status 'retry_needed'")
    return Outcome("retry_needed", {"status": "retry_needed", **more}, failure, delay=delay)


def task(name: str, **fields: Any) -> Step:
    """A step that is tried once and has no undo, unless stated."""
    plain: dict[str, Any] = {"worker": "work", "retry": ONCE, "timeout": 10.0, "on_failure": "compensate"}
    return Step(name, **plain | fields)


def saga(name: str, **fields: Any) -> Step:
    """A step with an undo."""
    return task(name, **{"compensation": UNDO} | fields)


def each(name: str, **fields: Any) -> Step:
    """A map with an undo for each item; its items are `input.items`."""
    return saga(name, **{"kind": "map", "items": "input.items"} | fields)


def kind(name: str, kind: Any, **fields: Any) -> Step:
    return Step(name, kind=kind, **{"on_failure": "compensate"} | fields)


def chain(*steps: Step, **fields: Any) -> Graph:
    names = [step.name for step in steps]
    edges = tuple(Edge(source, target) for source, target in zip(names, names[1:], strict=False))
    return Graph("flow", steps=steps, edges=edges, **fields)


def graph(steps: Sequence[Step], edges: Sequence[Edge | tuple[str, str]] = (), **fields: Any) -> Graph:
    drawn = tuple(edge if isinstance(edge, Edge) else Edge(*edge) for edge in edges)
    return Graph("flow", steps=tuple(steps), edges=drawn, **fields)


class TrustingWitness(Witness):
    def read(self, entry: Entry) -> None:
        """Accepts every entry."""


INSIDE = Body((task("x"), task("y")), (Edge("x", "y"),))  # the body of a group or a loop


class Driver:
    """One run. Its clock moves only by `wait`."""

    def __init__(
        self,
        graph: Graph,
        input: Mapping[str, Any] | None = None,
        *,
        id: str = "run",
        starts: bool = True,
        taken: Sequence[TakenOver] = (),
        **facts: Any,
    ) -> None:
        self.now = START
        self.memory = Memory(graph, dict(input or {}), RunState(id=id))
        self.watched = Watched(self.memory)
        self.commands: tuple[Command, ...] = ()
        self._commit(create(graph, self.memory.state(), self.now, facts, taken))
        if starts:
            self.take(Start(self.now))

    def trust(self) -> None:
        """Shows nothing more to the witness, which knows only the simulation's conditions."""
        self.watched.witness = TrustingWitness(self.memory.base, {})

    def _commit(self, decision: Any) -> None:
        self.commands = decision.commands
        self.faults = decision.faults
        dispatches = {
            command.step: command.queue for command in decision.commands if isinstance(command, Dispatch)
        }
        with self.watched.commit() as entries:
            entries += self.memory.save([decision], dispatches, self.now)

    # --- events ---

    def take(self, event: Event) -> list[Entry]:
        """Decides and commits one event. Returns its entries. Raises Refused or Stale."""
        seen = len(self.memory.journal)
        self._commit(decide(self.memory.graph, self.memory.state(), event))
        return self.memory.journal[seen:]

    def verdict(self, event: Event) -> str:
        """Returns "+" if the event has an effect, "." if it is stale, "x" if it is refused."""
        before = (self.memory.run, dict(self.memory.rows), len(self.memory.journal))
        try:
            self.take(event)
        except Stale:
            assert before == (self.memory.run, self.memory.rows, len(self.memory.journal))
            return "."
        except Refused:
            assert before == (self.memory.run, self.memory.rows, len(self.memory.journal))
            return "x"
        return "+"

    def claim(self, key: str) -> int:
        lease = self.step(key).lease + 1
        self.take(Claim(self.now, key, lease, "p1"))
        return lease

    def report(self, key: str, outcome: Outcome = OK, **more: Any) -> list[Entry]:
        return self.take(Report(self.now, key, self.step(key).lease, outcome, **more))

    def run(self, key: str, outcome: Outcome = OK, **more: Any) -> list[Entry]:
        """Claims and reports one attempt of a step, forward or undo."""
        self.claim(key)
        return self.report(key, outcome, **more)

    def wake(self, key: str) -> list[Entry]:
        return self.take(Wake(self.now, key))

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def answer(self, key: str, answer: Answer, **more: Any) -> list[Entry]:
        opened = self.step(key).intervention or 0
        return self.take(
            AnswerIntervention(self.now, key, opened, answer, "anna", **{"note": "a note"} | more)
        )

    def signal(self, name: str, payload: Any = None) -> list[Entry]:
        return self.take(Signal(self.now, name, payload, "anna"))

    def cancel(self, mode: CancelMode = "compensate") -> list[Entry]:
        return self.take(Cancel(self.now, mode, "anna"))

    def roll_back(self, to_step: str | None = None, **more: Any) -> list[Entry]:
        return self.take(Rollback(self.now, "anna", to_step, **more))

    # --- the state ---

    def step(self, key: str) -> StepState:
        return self.memory.rows.get(key) or StepState(key)

    @property
    def status(self) -> str:
        return self.memory.run.status.value

    @property
    def types(self) -> list[str]:
        return [entry.type for entry in self.memory.journal]

    def last(self, type: str) -> Entry:
        entries: list[Entry] = [entry for entry in self.memory.journal if entry.type == type]
        return entries[-1]

    def statuses(self, *names: str) -> list[str]:
        return [self.step(name).status.value for name in names]

    def undos(self, *names: str) -> list[str]:
        return [self.step(name).undo.value for name in names]

    def notified(self) -> list[str]:
        return [command.step for command in self.commands if isinstance(command, Dispatch)]

    def ready(self) -> list[str]:
        """Returns the steps whose next attempt a worker process could claim now."""
        return [name for name in self.memory.rows if self._is_ready(name)]

    def _is_ready(self, name: str) -> bool:
        try:
            event = Claim(self.now, name, self.step(name).lease + 1, "p1")
            decide(self.memory.graph, self.memory.state(), event)
        except Stale:
            return False
        return True

    def bindings(self, key: str) -> dict[str, Any]:
        state = self.memory.state()
        return task_bindings(self.memory.graph, state, key, state.step(key).phase)

    def context(self, key: str) -> Any:
        return self.bindings(key)["context"]

    def output(self) -> dict[str, Any]:
        return run_output(self.memory.graph, self.memory.state())

    def undone(self) -> list[str]:
        """Returns the steps in the order in which their undos began."""
        started = [entry for entry in self.memory.journal if entry.type == "compensation.started"]
        return [entry.step for entry in started if entry.attempt == 1]

    def undo_all(self) -> None:
        """Lets every undo that may start succeed, until none is left."""
        while ready := self.ready():
            self.run(ready[0])


def failing(*steps: str, **fields: Any) -> Driver:
    """Returns a run of `steps` in a row, with undos and completed, after which the step `z` has failed."""
    driver = Driver(chain(*(saga(name) for name in steps), task("z"), **fields))
    for name in steps:
        driver.run(name, gave(**{name: 1}))
    driver.run("z", CRITICAL)
    return driver


def trusting(graph: Graph, input: dict[str, Any] | None = None) -> Driver:
    """A run that the witness does not follow, since it knows only the simulation's conditions."""
    driver = Driver(graph, input or {}, starts=False)
    driver.trust()
    driver.take(Start(driver.now))
    return driver


def started(driver: Driver) -> list[StartChild]:
    return [command for command in driver.commands if isinstance(command, StartChild)]


def end(driver: Driver, key: str, status: str = "completed", output: Any = None, **more: Any) -> None:
    child = (driver.step(key).waits or {}).get("child") or driver.step(key).child or ""
    driver.take(EndChild(driver.now, key, child, status, output, **more))

"""The world of one explored history: its runs, what their workers did, and what may happen next. PURE.

Does in memory what `runs.engine` does with a database: an event is decided about, and the commands that
follow are carried out at once. A step that is dispatched is claimed at once, unless the history is one in
which steps are claimed only when their turn comes. A run is named by its path: `""` is the run itself, `pay/`
the first run of its step `pay`, `pay/2/` the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal

from designer.document.graph import Action, Graph, Step
from runs.explorer.abstraction import Abstraction, abstract, turns_of
from runs.explorer.choices import Choice, Choices, Option, Undecided
from runs.explorer.faults import Injected
from runs.explorer.feasibility import Feasible
from runs.explorer.ledger import Ledger
from runs.explorer.stored import Stored
from runs.machine.bindings import run_output
from runs.machine.decide import create, decide
from runs.machine.errors import Refused, Stale
from runs.machine.events import (
    Cancel,
    CancelChild,
    Claim,
    Command,
    Decision,
    Dispatch,
    EndChild,
    Entry,
    Event,
    PauseChild,
    ResumeChild,
    Rollback,
    RollBackChild,
    Start,
    StartChild,
    TellParent,
)
from runs.machine.rollback.pivots import has_passed
from runs.machine.rollback.plan import left_by, may_go_back
from runs.machine.states import RUN_ENDED, RunState, State, StepState, StepStatus, UndoStatus

Spot = tuple[str, str]
"""A run, by its path, and the key of a step in it."""
Kind = Literal["queued", "attempt", "later", "time", "approval", "signal", "event", "any", "question"]
Library = Callable[[str, int | None], Graph | None]
"""Returns the graph of a version of another workflow; None if it is not known."""
Log = tuple[Any, str, tuple[Entry, ...]] | None
"""The entries of all runs: those of the decisions before, then a run and those of the latest decision."""
Watch = Callable[["World", "Member", Event, Decision], None]

ROOT = ""
START = datetime(2026, 1, 1, tzinfo=UTC)
RUNS_DEEP_MAX = 6
PERSON = "somebody"
PROCESS = "explorer"
UNKNOWN_WORK = "its_steps"
WAITS_FOR: Mapping[Any, Kind] = {
    "time": "time",
    "delay": "time",
    "approval": "approval",
    "signal": "signal",
    "event": "event",
    "any": "any",
}
"""What a step is open for, by what its `waits` say that it waits for."""


@dataclass(frozen=True, slots=True)
class Member:
    """One run. `detached`: the step that started it does not wait for it."""

    path: str
    abstraction: Abstraction
    graph: Graph
    state: State
    stored: Stored
    parent: str | None = None
    step: str = ""
    detached: bool = False

    def definition(self, key: str) -> Step:
        """Returns a step as its author wrote it."""
        return self.abstraction.original.by_name[key.partition("[")[0]]


class Setting:
    """What all worlds of an exploration share: the other workflows, and the abstractions made so far."""

    def __init__(self, library: Library, watch: Watch) -> None:
        self.library = cache(library)  # asked at each start of a child run, and may read a database
        self.watch = watch
        self.decisions = 0
        self.unknown: set[str] = set()  # workflows that are not known, or run too deep
        self._abstractions: dict[int, Abstraction] = {}
        self._opaque: dict[str, Graph] = {}

    def abstraction(self, graph: Graph) -> Abstraction:
        made = self._abstractions.get(id(graph))
        if made is None:
            made = self._abstractions[id(graph)] = abstract(graph, Feasible(graph))
        return made

    def workflow(self, name: str, version: int | None, depth: int) -> Graph:
        """Returns the graph of another workflow; for one that is not known, a step that does all its work."""
        graph = self.library(name, version) if depth <= RUNS_DEEP_MAX else None
        if graph is not None:
            return graph
        self.unknown.add(name)
        if name not in self._opaque:
            work = Step(UNKNOWN_WORK, worker=name, on_failure="compensate", compensation=Action(name))
            self._opaque[name] = Graph(name, steps=(work,))
        return self._opaque[name]


class World:
    """Mutable; whoever tries something forks it first."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.members: dict[str, Member] = {}
        self.choices: dict[str, Option] = {}
        self.ledger = Ledger()
        self.open: dict[Spot, Kind] = {}
        self.lasting: dict[Spot, Injected] = {}
        self.answered: dict[Spot, int] = {}
        self.injected: tuple[Injected, ...] = ()
        self.whole = ""  # what happened to the run as a whole
        self.claims_late = False
        self.newest_first = False
        self.now = START
        self.log: Log = None
        self.length = 0  # entries of all runs
        self.notes: dict[Any, Any] = {}  # of whoever watches

    def fork(self) -> World:
        twin = object.__new__(World)
        twin.__dict__.update(self.__dict__)
        twin.members = dict(self.members)
        twin.choices = dict(self.choices)
        twin.ledger = self.ledger.fork()
        twin.open = dict(self.open)
        twin.lasting = dict(self.lasting)
        twin.answered = dict(self.answered)
        twin.notes = dict(self.notes)
        return twin

    def entries(self) -> list[tuple[str, Entry]]:
        """Returns all entries in the order in which they were written, each with its run."""
        parts, link = [], self.log
        while link is not None:
            parts.append(link[1:])
            link = link[0]
        return [(path, entry) for path, entries in reversed(parts) for entry in entries]

    @property
    def root(self) -> Member:
        return self.members[ROOT]

    def step(self, spot: Spot) -> StepState:
        return self.members[spot[0]].state.step(spot[1])

    def choose(self, id: str, options: Iterable[Option]) -> Option:
        """Returns what is chosen. Raises Undecided."""
        if id not in self.choices:
            raise Undecided(Choice(id, tuple(options)))
        return self.choices[id]

    # --- runs ---

    def begin(self, graph: Graph) -> None:
        """Starts the run itself. Raises Undecided."""
        self._create(ROOT, graph, None, "", 0)

    def _create(
        self,
        path: str,
        graph: Graph,
        parent: str | None,
        step: str,
        depth: int,
        timeout: float | None = None,
        detached: bool = False,
    ) -> None:
        abstraction = self.setting.abstraction(graph)
        stored = Stored({}, {})
        state = State(RunState(id=path or "run"), {}, stored)
        data: dict[str, Any] = {"depth": depth, "workflow": graph.name}
        limits = [seconds for seconds in (graph.timeout, timeout) if seconds is not None]
        if limits:
            data["due_at"] = (self.now + timedelta(seconds=min(limits))).isoformat()
        member = Member(path, abstraction, abstraction.graph, state, stored, parent, step, detached)
        self.members[path] = member
        self._keep(member, create(member.graph, state, self.now, data))
        self.take(path, Start(self.now))

    def take(self, path: str, event: Event) -> None:
        """Decides about an event and carries its commands out. Raises Undecided, Refused or Stale.

        After one of these the world is of no use any more, so the search works on a fork.
        """
        member = self.members[path]
        member = self._with_turns(member)
        member.state.input = self.input_of(member)
        self.setting.decisions += 1
        decision = decide(member.graph, member.state, event)
        self._keep(member, decision)
        self.setting.watch(self, member, event, decision)
        for command in decision.commands:
            self._carry_out(path, command)

    def input_of(self, member: Member) -> Mapping[str, Any]:
        """Returns the input of a run: what its conditions read is what was chosen."""
        readings = member.abstraction.readings
        return {"choices": Choices(member.path, readings, self.choices)} if readings else {}

    def _with_turns(self, member: Member) -> Member:
        """Returns the run with its loops as they are chosen to end."""
        for name in member.abstraction.loops:
            id = f"{member.path}{turns_of(name)}"
            if id in self.choices and member.graph.by_name[name].while_ not in (None, "false"):
                graph = member.abstraction.with_turns(member.graph, name, self.choices[id])
                member = self.members[member.path] = replace(member, graph=graph)
        return member

    def _keep(self, member: Member, decision: Decision) -> None:
        path = member.path
        run = decision.state.run
        stored = member.stored.with_changes(decision.state)
        state = State(run, {}, stored)
        self.members[path] = replace(member, state=state, stored=stored)
        self.log = (self.log, path, decision.entries)
        self.length += len(decision.entries)
        for key, step in decision.state.changed.items():
            self._note_open((path, key), run, step)
        if run.phase == "ended":
            for spot in [spot for spot in self.open if spot[0] == path]:
                del self.open[spot]

    def _note_open(self, spot: Spot, run: RunState, step: StepState) -> None:
        kind = _kind_of(run, step)
        if kind is None:
            self.open.pop(spot, None)
        elif self.open.get(spot) != kind:
            self.open.pop(spot, None)  # what has just begun comes last
            self.open[spot] = kind

    # --- commands ---

    def _carry_out(self, path: str, command: Command) -> None:
        match command:
            case Dispatch():
                self._dispatch(path, command)
            case StartChild():
                self._start_child(path, command)
            case TellParent():
                self.tell_parent(path)
            case CancelChild(child, mode, by):
                with suppress(Refused, Stale):
                    self._to_child(child, Cancel(self.now, mode, by))
            case RollBackChild(child, by):
                self._roll_back_child(child, by)
            case PauseChild() | ResumeChild():
                raise AssertionError("no explored run is paused")

    def _dispatch(self, path: str, command: Dispatch) -> None:
        spot = (path, command.step)
        if self.step(spot).lease + 1 != command.lease:
            return
        if self.claims_late:
            self.open.pop(spot, None)
            self.open[spot] = "queued"
        else:
            self.claim(spot)

    def claim(self, spot: Spot) -> None:
        self.open.pop(spot, None)
        with suppress(Stale):
            self.take(spot[0], Claim(self.now, spot[1], self.step(spot).lease + 1, PROCESS))

    def _start_child(self, path: str, command: StartChild) -> None:
        member = self.members[path]
        depth = member.state.run.depth + 1
        if command.body:
            graph = member.abstraction.original.body_of(command.body)
        else:
            graph = self.setting.workflow(command.workflow, command.version, depth)
        child = self._path_of(path, command.step, command.child)
        self._create(child, graph, path, command.step, depth, command.timeout, command.detached)
        if command.detached:
            with suppress(Stale):
                self.take(path, EndChild(self.now, command.step, command.child, "started"))

    def _path_of(self, path: str, step: str, id: str) -> str:
        """Returns the path of a child run, and remembers it by the id that the rules know it by."""
        number = 1 + sum(other.parent == path and other.step == step for other in self.members.values())
        child = f"{path}{step}/{number}/" if number > 1 else f"{path}{step}/"
        self.notes["child", id] = child
        self.notes["id", child] = id
        return child

    def _to_child(self, id: str, event: Event) -> None:
        path = self.notes.get(("child", id))
        if path is not None:
            self.take(path, event)

    def _roll_back_child(self, id: str, by: str) -> None:
        path = self.notes["child", id]
        try:
            self.take(path, Rollback(self.now, by, by_parent=True))
        except (Refused, Stale):
            if self.members[path].state.run.phase == "forward":
                with suppress(Refused, Stale):
                    self.take(path, Cancel(self.now, "compensate", by))
            else:
                self.tell_parent(path)

    def tell_parent(self, path: str) -> None:
        member = self.members[path]
        state = member.state
        status = state.run.status
        if member.parent is None or status not in RUN_ENDED:
            return
        if member.detached and self.step((member.parent, member.step)).status == StepStatus.WAITING:
            return  # it has ended at once; that it has started is told first, and is all that counts
        output = run_output(member.graph, state) if status == "completed" else None
        event = EndChild(
            self.now,
            member.step,
            self.notes["id", path],
            status.value,
            output,
            state.run.error,
            left=left_by(state),
            may_go_back=may_go_back(state.run),
            past_pivot=has_passed(state.run),
        )
        with suppress(Stale):
            self.take(member.parent, event)


def _kind_of(run: RunState, step: StepState) -> Kind | None:
    """Returns what a step is open for; None if nothing can happen to it by itself."""
    if run.phase == "ended":
        return None
    if step.intervention is not None:
        return "question"
    if (step.status == StepStatus.RUNNING or step.undo == UndoStatus.RUNNING) and step.due_at is not None:
        return "attempt"
    if step.status == StepStatus.QUEUED:
        return "queued"
    is_delayed = step.undo == UndoStatus.PENDING and step.due_at is not None
    if step.status == StepStatus.RETRYING or is_delayed:
        return "later"
    return WAITS_FOR.get((step.waits or {}).get("for")) if step.status == StepStatus.WAITING else None

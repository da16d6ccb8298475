"""One test that is played: its runs in memory, its calls answered by mocks, its clock a variable. PURE.

The world is that of the explorer, with real graphs, input and conditions. A call begins when its step is
claimed, and its mock says when it ends; `timeline` says what happens next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from designer.document.graph import Graph, Step
from designer.errors import ExpressionError
from designer.saved_tests.model import Mock, SavedTest
from designer.validation.json_schema import SchemaValidator, misfits
from runs.explorer.abstraction import Abstraction
from runs.explorer.stored import Stored
from runs.explorer.world import ROOT, RUNS_DEEP_MAX, Library, Member, Setting, Spot, World
from runs.machine.acts import key_of
from runs.machine.bindings import bound_params
from runs.machine.errors import Stale
from runs.machine.events import (
    CancelChild,
    Command,
    Decision,
    Dispatch,
    EndChild,
    Event,
    Left,
    Report,
    RollBackChild,
    StartChild,
)
from runs.machine.retry_policy import action_of, next_direction, timeout_of
from runs.machine.states import State, StepState
from runs.machine.steps.expansion import effective_graph
from runs.testing.mocks import PLAIN, Script, duration_s, has_effect, outcome_of, place_of
from workers.sdk.outcome import Failure, Outcome

NOTHING_ADDED: tuple[Step, ...] = ()
Expand = Callable[[Step, Outcome], tuple[Outcome, tuple[Step, ...]]]
"""Returns the outcome of a call of a dynamic step, and the steps that it adds."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a test needs beside the graph: other workflows, and what a dynamic step's output adds."""

    library: Library = lambda name, version: None
    expand: Expand = lambda step, outcome: (outcome, ())


@dataclass(frozen=True, slots=True)
class Call:
    """A call under way: when it ends, and what it comes to."""

    lease: int
    ends_at: datetime
    outcome: Outcome
    acts: bool
    output: Any = None


@dataclass(frozen=True, slots=True)
class StandIn:
    """A run that a mock stands for, until it ends."""

    path: str
    step: str
    child: str
    ends_at: datetime
    event: EndChild
    left: int = 0


def nothing(world: World, member: Member, event: Event, decision: Decision) -> None:
    """Nobody watches the decisions of a test: its entries say what happened."""


class RealSetting(Setting):
    """A setting in which nothing is chosen: graphs are played as they are."""

    def __init__(self, library: Library) -> None:
        super().__init__(library, nothing)
        self._real: dict[int, Abstraction] = {}

    def abstraction(self, graph: Graph) -> Abstraction:
        made = self._real.get(id(graph))
        if made is None:
            made = self._real[id(graph)] = Abstraction(graph, graph, {})
        return made


class Growing(Stored):
    """Steps and payloads that are changed in place: no test is forked, so nobody reads an earlier state."""

    def with_changes(self, state: State) -> Stored:
        self.by_name.update(state.changed)
        self.by_seq.update(state.new_payloads)
        return self


class Play(World):
    """The world of one test."""

    def __init__(self, test: SavedTest, surroundings: Surroundings) -> None:
        super().__init__(RealSetting(surroundings.library))
        self.surroundings = surroundings
        self.script = Script(test)
        self.inputs: dict[str, Mapping[str, Any]] = {ROOT: test.input}
        self.calls: dict[Spot, Call] = {}
        self.claims_at: dict[Spot, datetime] = {}  # of calls that wait for a worker process
        self.stand_ins: dict[str, StandIn] = {}
        self.outputs: dict[tuple[str, str], Any] = {}  # of acts that are done, as a verification finds them

    def input_of(self, member: Member) -> Mapping[str, Any]:
        return self.inputs[member.path]

    def state_of(self, member: Member) -> State:
        """Returns the state of a run for reading, with its input and the present time."""
        state = State(member.state.run, self.input_of(member), member.stored)
        state.now = self.now
        return state

    def _keep(self, member: Member, decision: Decision) -> None:
        if not isinstance(member.stored, Growing):
            member = replace(member, stored=Growing(member.stored.by_name, member.stored.by_seq))
        super()._keep(member, decision)
        if decision.state.run.added != member.state.run.added:
            kept = self.members[member.path]
            graph = effective_graph(member.abstraction.original, self.state_of(kept))
            self.members[member.path] = replace(kept, graph=graph)

    # --- calls of workers ---

    def _dispatch(self, path: str, command: Dispatch) -> None:
        spot = path, command.step
        state = self.step(spot)
        if state.lease + 1 != command.lease:
            return
        definition = self.members[path].graph.by_name[command.step.partition("[")[0]]
        waits_s = self.script.waits_s(next_direction(definition, state), place_of(*spot))
        if not waits_s:
            return self.claim(spot)
        self.claims_at[spot] = self.now + timedelta(seconds=waits_s)
        self.open[spot] = "queued"

    def claim(self, spot: Spot) -> None:
        super().claim(spot)
        if self.open.get(spot) == "attempt":
            self.calls[spot] = self._call(spot)

    def _call(self, spot: Spot) -> Call:
        member, step = self.members[spot[0]], self.step(spot)
        direction, definition = step.phase, member.graph.by_name[spot[1].partition("[")[0]]
        timeout_s = timeout_of(action_of(definition, direction))
        try:
            bound_params(member.graph, self.state_of(member), spot[1], direction)
        except ExpressionError as error:
            outcome = Outcome("failed", failure=Failure("bad_expression", str(error)))
            return Call(step.lease, self.now, outcome, acts=False)
        mock = self.script.next(direction, place_of(*spot))
        if direction == "verify" and (mock is None or mock == PLAIN):
            return Call(step.lease, self.now, self._found(spot, step), acts=False)
        mock = mock or PLAIN
        outcome = outcome_of(mock, direction, timeout_s)
        ends_at = self.now + timedelta(seconds=duration_s(mock, timeout_s))
        return Call(step.lease, ends_at, outcome, has_effect(mock, outcome), mock.output)

    def _found(self, spot: Spot, step: StepState) -> Outcome:
        """Returns what the verification of an act finds out, where no mock says something else."""
        place = spot[0], key_of(spot[0], step)
        if place not in self.outputs:
            return Outcome("succeeded", {"outcome": "not_done"})
        output = {} if self.outputs[place] is None else self.outputs[place]
        return Outcome("succeeded", {"outcome": "done", "output": output})

    def end_call(self, spot: Spot) -> None:
        """Reports a call whose time has come."""
        call, step = self.calls.pop(spot), self.step(spot)
        place = spot[0], key_of(spot[0], step)
        if call.acts and step.phase == "undo":
            self.outputs.pop(place, None)
        elif call.acts and step.phase != "verify":
            self.outputs[place] = call.output
        definition = self.members[spot[0]].graph.by_name[spot[1].partition("[")[0]]
        outcome, added = call.outcome, NOTHING_ADDED
        if definition.dynamic and step.phase in ("forward", "fallback"):
            outcome, added = self.surroundings.expand(definition, outcome)
        with suppress(Stale):
            self.take(spot[0], Report(self.now, spot[1], call.lease, outcome, expansion=added))

    # --- child runs ---

    def _start_child(self, path: str, command: StartChild) -> None:
        place = place_of(path, command.step)
        if self.script.stands_in(place):
            return self._stand_in(path, command, self.script.next("forward", place) or PLAIN)
        graph, error = self._graph_of_child(path, command)
        if graph is None:
            event = EndChild(self.now, command.step, command.child, "failed", error=error)
            return self._end_child(path, event)
        child = self._path_of(path, command.step, command.child)
        self.inputs[child] = command.input
        depth = self.members[path].state.run.depth + 1
        self._create(child, graph, path, command.step, depth, command.timeout, command.detached)
        if command.detached:
            self._end_child(path, EndChild(self.now, command.step, command.child, "started"))
        return None

    def _graph_of_child(self, path: str, command: StartChild) -> tuple[Graph | None, dict[str, str]]:
        """Returns the graph of a child run, or why it cannot begin."""
        member = self.members[path]
        if command.body:
            return member.graph.body_of(command.body), {}
        is_deep = member.state.run.depth >= RUNS_DEEP_MAX
        graph = None if is_deep else self.surroundings.library(command.workflow, command.version)
        if graph is None:
            self.setting.unknown.add(command.workflow)
            message = f"There is no published workflow '{command.workflow}'; a mock may stand in for it."
            return None, {"code": "unknown_workflow", "message": message}
        found = misfit_of(graph, command.input)
        return (None, {"code": "bad_input", "message": found}) if found else (graph, {})

    def _stand_in(self, path: str, command: StartChild, mock: Mock) -> None:
        """A mock stands for the whole run. Its undo succeeds, unless a mock says something else."""
        outcome = outcome_of(mock, "forward", command.timeout or 0.0)
        if command.detached and outcome.kind == "succeeded":
            event = EndChild(self.now, command.step, command.child, "started")
        elif outcome.kind == "succeeded":
            event = EndChild(self.now, command.step, command.child, "completed", outcome.output)
            event = replace(event, may_go_back=True, past_pivot=mock.past_pivot)
        else:
            failure = outcome.failure or Failure("failed", "Mocked.")
            error = {"code": failure.code, "message": failure.message}
            status = "failed" if mock.left else "compensated"
            event = EndChild(self.now, command.step, command.child, status, error=error)
        if mock.left and event.status != "started":
            event = replace(event, left=Left(mock.left, (command.step,)))
        seconds = duration_s(mock, command.timeout or 0.0)
        if not seconds:
            return self._end_child(path, event)
        ends_at = self.now + timedelta(seconds=seconds)
        self.stand_ins[command.child] = StandIn(path, command.step, command.child, ends_at, event, mock.left)
        return None

    def end_stand_in(self, child: str) -> None:
        stand_in = self.stand_ins.pop(child)
        self._end_child(stand_in.path, replace(stand_in.event, at=self.now))

    def _end_child(self, path: str, event: EndChild) -> None:
        with suppress(Stale):
            self.take(path, event)

    def _carry_out(self, path: str, command: Command) -> None:
        is_known = isinstance(command, CancelChild | RollBackChild) and self._is_played(command.child)
        match command:
            case CancelChild(child) if not is_known:
                self._cancel_stand_in(child)
            case RollBackChild(child) if not is_known:
                self._undo_stand_in(path, child)
            case _:
                super()._carry_out(path, command)

    def _is_played(self, child: str) -> bool:
        return ("child", child) in self.notes

    def _cancel_stand_in(self, child: str) -> None:
        stand_in = self.stand_ins.pop(child, None)
        if stand_in is not None:
            error = {"code": "cancelled", "message": "Cancelled by the run around it."}
            status = "failed" if stand_in.left else "cancelled"
            event = EndChild(self.now, stand_in.step, child, status, error=error)
            left = Left(stand_in.left, (stand_in.step,)) if stand_in.left else Left()
            self._end_child(stand_in.path, replace(event, left=left))

    def _undo_stand_in(self, path: str, child: str) -> None:
        steps = self.members[path].stored.by_name.values()
        key = next(step.name for step in steps if step.child == child)
        mock = self.script.next("undo", place_of(path, key)) or PLAIN
        is_undone = outcome_of(mock, "undo", 0.0).kind == "succeeded"
        left = Left() if is_undone else Left(mock.left or 1, (key,))
        status = "compensated" if is_undone else "failed"
        self._end_child(path, EndChild(self.now, key, child, status, left=left))


def misfit_of(graph: Graph, input: Mapping[str, Any]) -> str:
    """Returns how an input does not fit the schema of a workflow; empty if it fits."""
    if graph.input_schema is None:
        return ""
    found = misfits(SchemaValidator(graph.input_schema), dict(input), "input", certain_only=False)
    return f"{found[0].path}: {found[0].message}" if found else ""

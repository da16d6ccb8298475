"""Starting again from a step: what the new run takes over of the ended one (semantics 5). PURE.

A step is taken over with its output and the edges that it took. Nothing of it runs again, and its undo stays
with the run that did it, so no plan of the new run holds it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from designer.document.graph import Graph
from runs.machine.bindings import outputs
from runs.machine.errors import Refused
from runs.machine.states import UNDO_DONE, State, StepStatus, UndoStatus
from runs.machine.transition import Transition

TYPES = {
    StepStatus.COMPLETED: "step.completed",
    StepStatus.SKIPPED: "step.skipped",
    StepStatus.FAILED: "step.failed",
}
"""How a step that is taken over has ended, and the type of the entry that says so."""

KEPT = ("taken", "dead", "reason", "error", "caught")
"""What such an entry says as the one did that ended the step."""

STAND = frozenset({UndoStatus.NONE, UndoStatus.TAKEN_OVER})
Ends = Mapping[str, Mapping[str, Any]]
"""The data of the entries that ended steps and decided their edges, by step."""


@dataclass(frozen=True, slots=True)
class TakenOver:
    """A step that is taken over. `of`: the run that did it. `data`: see `KEPT`."""

    step: str
    status: StepStatus
    of: str
    attempt: int = 0
    output: Any = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Again:
    """The ended run that a new one goes on for, from `step`, and what it takes over."""

    run: str
    step: str
    taken: tuple[TakenOver, ...]


class Past:
    """The steps of a run that has ended, as one reads them who wants to go on from there."""

    def __init__(self, graph: Graph, state: State) -> None:
        self.graph = graph
        self.states = state.steps()
        self.adding = {step.added_by for step in self.states.values()}

    def why_not(self, name: str) -> str | None:
        """Returns in words why nothing can go on from a step; None where it stands."""
        step = self.states.get(name)
        if step is not None and step.undo not in STAND:
            how = "was undone" if step.undo in UNDO_DONE else "was left behind by a rollback"
            return f"{name} {how}. Start again from it, or from a step before it."
        if name in self.adding:
            return f"{name} has added steps, and adds them anew in each run. Start again from it."
        is_passed_over = step is not None and step.status == StepStatus.FAILED and not step.may_have_acted
        ended = (StepStatus.COMPLETED, StepStatus.SKIPPED)
        if step is None or not (step.status in ended or is_passed_over):
            return f"{name} did not end well. Start again from it, or from a step before it."
        return None

    def standing(self) -> set[str]:
        """Returns the steps that stand, with all before them."""
        stand: set[str] = set()
        for name in self.graph.position:
            if self.why_not(name) is None and stand.issuperset(self.before(name)):
                stand.add(name)
        return stand

    def before(self, name: str) -> set[str]:
        return {edge.source for edge in self.graph.incoming[name]}

    def is_reached(self, name: str) -> bool:
        """Whether a branch led to a step, and all others were decided. The first steps are not led to."""
        step = self.states.get(name)
        if step is None or step.added_by:
            return False
        return step.edges_taken > 0 and step.edges_decided == len(self.graph.incoming[name])


def starting_points(graph: Graph, state: State) -> tuple[str, ...]:
    """Returns the steps from which an ended run can be started again, as far as its own state says."""
    if state.run.phase != "ended":
        return ()
    past = Past(graph, state)
    stand = past.standing()
    names = (step.name for step in graph.steps if past.is_reached(step.name))
    return tuple(name for name in names if stand.issuperset(past.before(name)))


def taken_over(
    graph: Graph, state: State, start: str, ends: Ends, of: Mapping[str, str]
) -> tuple[TakenOver, ...]:
    """Returns what a run that starts again from `start` takes over, in topological order.

    That is each step that stands, with all before it, and is neither `start` nor behind it. `of`: the run
    that did a step which this run has taken over itself. Raises Refused.
    """
    if state.run.phase != "ended":
        raise Refused("It goes on still. It can be started again when it has ended.", code="not_ended")
    if start not in graph.by_name:
        raise Refused(f"It has no step {start!r}.", code="unknown_step")
    past = Past(graph, state)
    reasons = (past.why_not(name) for name in graph.ancestors(start))
    if reason := next(filter(None, reasons), None):
        raise Refused(f"It cannot be started again from {start}: {reason}", code="not_standing")
    if not past.is_reached(start):
        raise Refused(f"It cannot be started again from {start}: no branch led there.", code="not_reached")
    stand: dict[str, None] = {}  # in topological order; nothing behind `start` gets in, as `start` does not
    for name in graph.position:
        end = ends.get(name, {})
        is_decided = len(end.get("taken", ())) + len(end.get("dead", ())) == len(graph.outgoing[name])
        follows = name != start and past.before(name) <= stand.keys()
        if follows and is_decided and past.why_not(name) is None:
            stand[name] = None
    values = outputs(graph, state, list(stand))
    return tuple(
        TakenOver(
            name,
            past.states[name].status,
            of.get(name, state.run.id),
            past.states[name].attempt,
            values.get(name),
            {key: ends[name][key] for key in KEPT if key in ends[name]},
        )
        for name in stand
    )


def take_over(transition: Transition, taken: Sequence[TakenOver]) -> None:
    """Ends steps of a new run as they ended in an earlier one, before it starts."""
    for one in taken:
        data = {**one.data, "taken_over": one.of}
        transition.emit(TYPES[one.status], one.step, attempt=one.attempt, payload=one.output, data=data)

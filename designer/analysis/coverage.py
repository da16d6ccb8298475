"""What a rollback undoes, in which order, and what would remain. PURE.

`plan_of` is the only place that knows: the rollback of a run, the plan that is shown beforehand
and the question "what if this step fails?" about a definition all call it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Literal

from designer.document.graph import IRREVERSIBLE, NO_UNDO, Graph, Step, slot_of


@dataclass(frozen=True, slots=True)
class Done:
    """Something that has, or may have, had its effect: a step, or one item of a map step.

    `step` is the name in the definition, `key` the name in the run (`step[3]` for an item).
    A map step itself does nothing: its items do. `is_child`: a child run was started.
    """

    key: str
    step: str
    is_child: bool = False
    is_map: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be undone, first to last, and the keys of those whose effect remains."""

    undo: tuple[str, ...]
    remains: tuple[str, ...]


Answer = Literal["compensate", "continue", "pause", "pivot"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What an assumed failure would lead to.

    `plan` counts on the steps before the failing one; of these, `unsure` may have been skipped, and
    are undone only where they ran. `maybe` are steps of parallel branches: they are undone too, where
    they have completed by then. `unstated` are steps of the plan's range that act without saying
    whether they can be undone, `harmless` those that have nothing to undo. `waves` numbers the undos:
    those of one number go on at the same time. `answer`: what the failure leads to by itself.
    """

    failing: str
    plan: Plan
    maybe: tuple[str, ...]
    unstated: tuple[str, ...]
    harmless: tuple[str, ...]
    unsure: frozenset[str]
    waves: Mapping[str, int]
    answer: Answer


def plan_of(graph: Graph, done: Iterable[Done]) -> Plan:
    """The plan for what was done, given in order of completion."""
    latest_first = list(done)[::-1]
    undo = tuple(one.key for one in latest_first if is_undoable(graph.by_name[one.step], one))
    return Plan(undo, tuple(one.key for one in latest_first if is_irreversible(graph.by_name[one.step], one)))


def is_undoable(step: Step, done: Done) -> bool:
    if done.is_map:
        return False
    has_child = done.is_child and step.compensation not in (NO_UNDO, IRREVERSIBLE)
    return has_child or step.undo is not None


def is_irreversible(step: Step, done: Done) -> bool:
    return step.compensation == IRREVERSIBLE and not done.is_map


def assumed_failure(graph: Graph, failing: str) -> Coverage:
    """What would happen if `failing` failed for good. Raises KeyError where there is no such step.

    The graph must be sound: no circle, no edge into nowhere. A map counts as one step here, as its
    items are not known before it runs.
    """
    step = graph.by_name[failing]
    before = graph.ancestors(step.name)
    related = {failing, *before, *_after(graph, failing)}
    beside = [name for name in graph.position if name not in related]
    plan = plan_of(graph, [_assumed(graph, name) for name in before])
    maybe = plan_of(graph, [_assumed(graph, name) for name in beside])
    kept = {*plan.undo, *plan.remains}
    unstated = tuple(name for name in before if _is_unstated(graph.by_name[name]))
    return Coverage(
        failing,
        plan,
        maybe=(*maybe.undo, *maybe.remains),
        unstated=unstated,
        harmless=tuple(name for name in before if name not in kept and name not in unstated),
        unsure=frozenset(_unsure(graph, before, failing)),
        waves=_waves(graph, plan.undo),
        answer=_answer(graph, step, before),
    )


def _after(graph: Graph, name: str) -> set[str]:
    found: set[str] = set()
    todo = [name]
    while todo:
        targets = {edge.target for edge in graph.outgoing[todo.pop()]} - found
        found |= targets
        todo += targets
    return found


def _answer(graph: Graph, step: Step, before: Iterable[str]) -> Answer:
    stated = step.on_failure or graph.defaults.on_failure or "compensate"
    if stated == "compensate" and any(graph.by_name[name].pivot for name in before):
        return "pivot"
    return stated


def _waves(graph: Graph, undo: tuple[str, ...]) -> dict[str, int]:
    """With a parallel order, an undo waits only for the undos of what comes after its step."""
    if graph.compensation_order == "sequential":
        return {name: place for place, name in enumerate(undo, 1)}
    undone = set(undo)
    latest: dict[str, int] = {}
    for name in reversed(graph.position):
        later = max((latest[edge.target] for edge in graph.outgoing[name]), default=0)
        latest[name] = later + (name in undone)
    return {name: latest[name] for name in undo}


def _unsure(graph: Graph, before: tuple[str, ...], failing: str) -> Iterator[str]:
    """Those of the steps before `failing` that it may have been reached without."""
    needed = _needed_for(graph, (*before, failing))
    dead: set[str] = set()
    for name in before:
        edges = graph.incoming[name]
        if edges and all(edge.is_conditional or edge.otherwise or edge.source in dead for edge in edges):
            dead.add(name)
        if graph.by_name[name].when is not None or (name in dead and name not in needed):
            yield name


def _needed_for(graph: Graph, names: tuple[str, ...]) -> set[str]:
    """Steps through which every way to the last of `names` leads; names in topological order."""
    number = {name: 1 << place for place, name in enumerate(names)}
    through: dict[str, int] = {}
    for name in names:
        ways = [through[edge.source] for edge in graph.incoming[name]]
        through[name] = number[name] | (reduce(and_, ways) if ways else 0)
    return {name for name in names if through[names[-1]] & number[name]}


def _assumed(graph: Graph, name: str) -> Done:
    return Done(name, name, is_child=graph.by_name[name].traits.starts_run)


def _is_unstated(step: Step) -> bool:
    return slot_of(step) == "unstated"

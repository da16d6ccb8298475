"""Rollback coverage: what a rollback undoes, in which order, and whose effects remain. PURE.

`plan_of` alone decides it. The rollback of a run, the plan that a page shows in advance, and the question
"what if this step fails?" about a definition all call it.

`assumed_failure` answers that question without running anything. It must tell steps that have certainly run
before the failing one from those that may have been skipped (by a guard, or a branch not taken). A step is
certain if it has no guard and every path to the failing step passes through it (a dominator), or if it cannot
be skipped at all. Dominators are computed as bit sets in topological order: those of a step are its own bit
and the intersection over its predecessors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Literal

from designer.document.graph import IRREVERSIBLE, NO_UNDO, Edge, Graph, Step, slot_of


@dataclass(frozen=True, slots=True)
class Done:
    """A step, or an item of a map step, that has or may have had its effect.

    `step` is the name in the definition, `key` the name in the run (`step[3]` for an item).
    A map step itself has no effect: its items have. `is_child`: it started a child run.
    """

    key: str
    step: str
    is_child: bool = False
    is_map: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Keys to undo in order, and keys whose effects remain because they are irreversible."""

    undo: tuple[str, ...]
    remains: tuple[str, ...]


Answer = Literal["compensate", "continue", "pause", "pivot"]


@dataclass(frozen=True, slots=True)
class Catch:
    """An error edge of the failing step, and the steps that may run behind it, in topological order."""

    edge: Edge
    leads_to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The consequences of an assumed failure.

    `plan` assumes that all ancestors of the failing step have run; those in `unsure` may have been skipped,
    and are undone only if they ran. `maybe` are steps of parallel branches, undone if they have completed by
    then. `unstated` are ancestors without a stated undo, `harmless` those with nothing to undo. `waves`
    numbers the undos: those with the same number run at the same time. `answer` is the reaction to a failure
    that no error edge catches; `catches` are those edges, each with what it leads to. After a failure that is
    caught nothing is undone at once, and `plan` says what stays to be undone later.
    """

    failing: str
    plan: Plan
    maybe: tuple[str, ...]
    unstated: tuple[str, ...]
    harmless: tuple[str, ...]
    unsure: frozenset[str]
    waves: Mapping[str, int]
    answer: Answer
    catches: tuple[Catch, ...] = ()

    @property
    def is_final(self) -> bool:
        """Whether a failure may end the graph's run: one that is left out or always caught does not."""
        is_caught = any(not catch.edge.errors and catch.edge.when is None for catch in self.catches)
        return self.answer != "continue" and not is_caught


def plan_of(graph: Graph, done: Iterable[Done]) -> Plan:
    """The plan for `done`, which is in order of completion: undo runs in the reverse order."""
    latest_first = list(done)[::-1]
    undo = tuple(item.key for item in latest_first if is_undoable(graph.by_name[item.step], item))
    remains = tuple(item.key for item in latest_first if is_irreversible(graph.by_name[item.step], item))
    return Plan(undo, remains)


def is_undoable(step: Step, done: Done) -> bool:
    if done.is_map:
        return False
    has_child = done.is_child and step.compensation not in (NO_UNDO, IRREVERSIBLE)
    return has_child or step.undo is not None


def is_irreversible(step: Step, done: Done) -> bool:
    return step.compensation == IRREVERSIBLE and not done.is_map


def assumed_failure(graph: Graph, failing: str) -> Coverage:
    """The consequences if the last attempt of `failing` failed. Raises KeyError for an unknown step.

    The graph must have neither cycles nor dangling edges. A map counts as one step, as its items are not
    known before it runs.
    """
    step = graph.by_name[failing]
    before = graph.ancestors(step.name)
    related = {failing, *before, *_descendants(graph, failing)}
    parallel = [name for name in graph.position if name not in related]
    plan = plan_of(graph, [_assumed(graph, name) for name in before])
    maybe = plan_of(graph, [_assumed(graph, name) for name in parallel])
    in_plan = {*plan.undo, *plan.remains}
    unstated = tuple(name for name in before if slot_of(graph.by_name[name]) == "unstated")
    return Coverage(
        failing,
        plan,
        maybe=(*maybe.undo, *maybe.remains),
        unstated=unstated,
        harmless=tuple(name for name in before if name not in in_plan and name not in unstated),
        unsure=frozenset(_unsure(graph, before, failing)),
        waves=_waves(graph, plan.undo),
        answer=_answer(graph, step, before),
        catches=tuple(_catch(graph, edge) for edge in graph.outgoing[failing] if edge.is_error),
    )


def _catch(graph: Graph, edge: Edge) -> Catch:
    behind = {edge.target, *_descendants(graph, edge.target)}
    return Catch(edge, tuple(name for name in graph.position if name in behind))


def _descendants(graph: Graph, name: str) -> set[str]:
    descendants: set[str] = set()
    pending = [name]
    while pending:
        targets = {edge.target for edge in graph.outgoing[pending.pop()]} - descendants
        descendants |= targets
        pending += targets
    return descendants


def _answer(graph: Graph, step: Step, before: Iterable[str]) -> Answer:
    stated = step.on_failure or graph.defaults.on_failure or "compensate"
    if stated == "compensate" and any(graph.by_name[name].pivot for name in before):
        return "pivot"
    return stated


def _waves(graph: Graph, undo: tuple[str, ...]) -> dict[str, int]:
    """The wave of each undo. In parallel order it is one after the last wave among its step's descendants."""
    if graph.compensation_order == "sequential":
        return {name: place for place, name in enumerate(undo, 1)}
    undone = set(undo)
    latest: dict[str, int] = {}
    for name in reversed(graph.position):
        later = max((latest[edge.target] for edge in graph.outgoing[name]), default=0)
        latest[name] = later + (name in undone)
    return {name: latest[name] for name in undo}


def _unsure(graph: Graph, before: tuple[str, ...], failing: str) -> Iterator[str]:
    """Ancestors that may have been skipped on the way to `failing`: see the module's docstring."""
    dominators = _dominators(graph, (*before, failing))
    skippable: set[str] = set()
    for name in before:
        edges = graph.incoming[name]
        if edges and all(_may_be_dead(graph, edge) or edge.source in skippable for edge in edges):
            skippable.add(name)
        may_have_failed = any(edge.is_error for edge in graph.outgoing[name])
        is_guarded = graph.by_name[name].when is not None
        if is_guarded or may_have_failed or (name in skippable and name not in dominators):
            yield name


def _may_be_dead(graph: Graph, edge: Edge) -> bool:
    """Whether an edge may be dead although its source has run: a failure that is caught takes no other."""
    return edge.is_choice or any(other.is_error for other in graph.outgoing[edge.source])


def _dominators(graph: Graph, names: tuple[str, ...]) -> set[str]:
    """Dominators of the last of `names`, which are in topological order and closed under predecessors."""
    bit = {name: 1 << place for place, name in enumerate(names)}
    dominators: dict[str, int] = {}
    for name in names:
        of_predecessors = [dominators[edge.source] for edge in graph.incoming[name]]
        dominators[name] = bit[name] | (reduce(and_, of_predecessors) if of_predecessors else 0)
    return {name for name in names if dominators[names[-1]] & bit[name]}


def _assumed(graph: Graph, name: str) -> Done:
    return Done(name, name, is_child=graph.by_name[name].undoes_by_run)

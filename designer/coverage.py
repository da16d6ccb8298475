"""What a rollback undoes, in which order, and what would remain. PURE.

`plan_of` is the only place that knows: the rollback of a run, the plan that is shown beforehand
and the question "what if this step fails?" about a definition all call it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from designer.graph import IRREVERSIBLE, NO_UNDO, Graph, Step


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


@dataclass(frozen=True, slots=True)
class Coverage:
    """What an assumed failure would lead to.

    `plan` counts on the steps before the failing one. `maybe` are steps of parallel branches:
    they are undone too, where they have completed by then. `unstated` are steps of the plan's
    range that act without saying whether they can be undone.
    """

    failing: str
    plan: Plan
    maybe: tuple[str, ...]
    unstated: tuple[str, ...]


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

    A map counts as one step here, as its items are not known before it runs.
    """
    step = graph.by_name[failing]
    before = graph.ancestors(step.name)
    after = {name for name in graph.by_name if failing in graph.ancestors(name)}
    beside = [name for name in graph.position if name not in after and name not in before and name != failing]
    plan = plan_of(graph, [_assumed(graph, name) for name in before])
    maybe = plan_of(graph, [_assumed(graph, name) for name in beside])
    unstated = tuple(name for name in before if _is_unstated(graph.by_name[name]))
    return Coverage(failing, plan, (*maybe.undo, *maybe.remains), unstated)


def _assumed(graph: Graph, name: str) -> Done:
    return Done(name, name, is_child=graph.by_name[name].kind == "workflow")


def _is_unstated(step: Step) -> bool:
    return step.compensation is None and step.kind in ("task", "map")

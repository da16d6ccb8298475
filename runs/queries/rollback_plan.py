"""What a rollback would do now, as pages and the API tell it before anybody begins one. Reading only.

The machine plans one run; here its child runs are looked at, too.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from designer.analysis.coverage import Plan
from designer.document.graph import Graph
from runs.errors import UnknownRun
from runs.machine.bindings import bound_params
from runs.machine.events import NOTHING_LEFT, Left
from runs.machine.limits import LEFT_NAMES_MAX
from runs.machine.rollback import pivots
from runs.machine.rollback.plan import past_pivot, plan
from runs.machine.states import RUN_ENDED, State
from runs.models import Run
from runs.queries.runs import load

Json = dict[str, Any]


def planned_undo(graph: Graph, state: State) -> Json:
    """Returns what a rollback of a run that has ended would undo, without params: those need outputs."""
    planned = plan(graph, state)
    return {
        "undo": [{"step": name, "worker": _undo_worker(graph, name)} for name in planned.undo],
        "remains": _remains(graph, state, planned),
        "past_pivot": past_pivot(graph, state, planned),
    }


def rollback_plan(run: Run, to_step: str | None = None) -> Json:
    """Returns what a rollback would undo now, first to last, with params, and what would remain.

    `past_pivot`: the completed points of no return that it would go back over.
    """
    graph, state = load(run.pk)
    planned = plan(graph, state, to_step)
    passed = (*past_pivot(graph, state, planned, to_step), *_live_past_pivot(state))
    return {
        "run": str(run.pk),
        "order": graph.compensation_order,
        "undo": [_planned_json(graph, state, name) for name in planned.undo],
        "remains": _remains(graph, state, planned),
        "past_pivot": list(passed),
    }


def _remains(graph: Graph, state: State, planned: Plan) -> list[Json]:
    """Returns what would remain, a row a step: its own effect, or what its child runs leave at any depth."""
    rows: list[Json] = [{"step": name, "reason": "irreversible"} for name in planned.remains]
    listed = set(planned.remains)
    for name, left in _left_by_children(graph, state, planned).items():
        if name not in listed:
            rows.append({"step": name, "reason": "child", "left": left.count, "effects": list(left.names)})
    return rows


def _left_by_children(graph: Graph, state: State, planned: Plan) -> dict[str, Left]:
    """Returns, by step, what its child runs have left, and what a rollback of the present one would leave."""
    left: dict[str, Left] = {}
    for step in state.steps().values():
        child = (step.waits or {}).get("child")
        if child is None and step.name in planned.undo and pivots.rolls_child_back(graph, step):
            child = step.child
        further = _would_leave(UUID(child)) if child else NOTHING_LEFT
        former = step.left - (step.left_last if child else 0)
        names = (*further.names, *step.left_names)[:LEFT_NAMES_MAX]
        if further.count + former:
            left[step.name] = Left(further.count + former, names)
    return left


def _would_leave(run_id: UUID) -> Left:
    """Returns what a run would leave that was rolled back now, with all that it has left already."""
    try:
        graph, state = load(run_id)
    except UnknownRun:  # it could not be created
        return NOTHING_LEFT
    planned = plan(graph, state)
    below = _left_by_children(graph, state, planned)
    abandoned = [step.name for step in state.steps().values() if step.left and step.name not in below]
    own = tuple(dict.fromkeys((*planned.remains, *abandoned)))
    names = (*own, *(f"{name}/{effect}" for name, left in below.items() for effect in left.names))
    count = len(own) + sum(left.count for name, left in below.items() if name not in own)
    return Left(count, names[:LEFT_NAMES_MAX])


def all_past_pivot(graph: Graph, state: State) -> tuple[str, ...]:
    """Returns the completed points of no return that a rollback would go back over, of child runs too."""
    return (*past_pivot(graph, state, plan(graph, state)), *_live_past_pivot(state))


def _live_past_pivot(state: State) -> tuple[str, ...]:
    """Returns the steps that wait for a child run which has passed, at any depth, a point of no return."""
    waiting = {name: (step.waits or {}).get("child") for name, step in state.steps().items()}
    return tuple(name for name, child in waiting.items() if child and _has_passed(UUID(child)))


def _has_passed(run_id: UUID) -> bool:
    try:
        _, state = load(run_id)
    except UnknownRun:  # it could not be created
        return False
    is_live = state.run.status not in RUN_ENDED
    return pivots.has_passed(state.run) or (is_live and bool(_live_past_pivot(state)))


def _planned_json(graph: Graph, state: State, name: str) -> Json:
    worker = _undo_worker(graph, name)
    if worker is None:
        return {"step": name, "worker": None, "child": True, "params": {}}
    return {"step": name, "worker": worker, "params": bound_params(graph, state, name, "undo")}


def _undo_worker(graph: Graph, name: str) -> str | None:
    """Returns the worker that undoes a step; None if the child run of the step is rolled back instead."""
    undo = graph.by_name[name.partition("[")[0]].undo
    return None if undo is None else undo.worker

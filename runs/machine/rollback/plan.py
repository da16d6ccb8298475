"""The rollback: its plan, its start and its walk (semantics 6). PURE.

What is undone and in which order is known to `designer.analysis.coverage.plan_of` alone: the page that
shows the plan and the walk that follows it both come to it through `plan`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from designer.analysis import coverage
from designer.analysis.coverage import Done, Plan, plan_of
from designer.document.graph import Graph
from runs.machine.errors import Refused
from runs.machine.events import CancelChild, Rollback, RollBackChild, TellParent
from runs.machine.interventions import close_intervention
from runs.machine.states import (
    UNDO_LEFT,
    Reason,
    RunState,
    RunStatus,
    State,
    StepState,
    StepStatus,
    UndoStatus,
)
from runs.machine.transition import Transition

STOPPABLE = frozenset({StepStatus.QUEUED, StepStatus.RETRYING, StepStatus.WAITING})


def plan(graph: Graph, state: State, to_step: str | None = None) -> Plan:
    """Undo order of everything done so far: the reverse order of completion."""
    floor = state.step(to_step).ended_seq or 0 if to_step else 0
    acted = [step for step in state.steps().values() if has_acted(step) and _whole_end(step, state) > floor]
    acted.sort(key=lambda step: _order(step, state))
    return plan_of(graph, [_done(graph, step) for step in acted])


def has_acted(step: StepState) -> bool:
    """Whether a step has, or may have, had its effect and was not undone yet."""
    may_have = step.unknown and step.status not in (StepStatus.RUNNING, StepStatus.WAITING)
    return step.undo == UndoStatus.NONE and (step.status == StepStatus.COMPLETED or may_have)


def _order(step: StepState, state: State) -> tuple[int, str]:
    """Place in the order of completion; what has not ended yet comes after everything that has."""
    return (state.run.last_seq + 1 if step.ended_seq is None else step.ended_seq, step.name)


def _whole_end(step: StepState, state: State) -> int:
    """When a step, or the map that an item belongs to, ended."""
    return _order(state.step(step.map_name or step.name), state)[0]


def _done(graph: Graph, step: StepState) -> Done:
    definition = graph.by_name[step.map_name or step.name]
    is_map = definition.traits.has_items and step.map_name is None
    return Done(step.name, definition.name, step.child is not None, is_map)


def is_undoable(graph: Graph, step: StepState) -> bool:
    done = _done(graph, step)
    return coverage.is_undoable(graph.by_name[done.step], done)


def is_irreversible(graph: Graph, step: StepState) -> bool:
    done = _done(graph, step)
    return coverage.is_irreversible(graph.by_name[done.step], done)


def left_behind(transition: Transition) -> list[str]:
    """Steps whose effect stays, or may stay, when the run ends here and now."""
    planned = [
        step.name for step in transition.state.steps().values() if step.undo in UNDO_LEFT and not step.is_map
    ]
    running = [
        step.name
        for step in transition.state.steps().values()
        if step.status == StepStatus.RUNNING and is_undoable(transition.graph, step)
    ]
    return [*planned, *running, *plan(transition.graph, transition.state).undo]


# --- start ---


def begin(
    transition: Transition,
    reason: Reason,
    *,
    failure: Mapping[str, Any] | None = None,
    error: Mapping[str, Any] | None = None,
    to_step: str | None = None,
    by: str = "",
) -> None:
    """Stop going forward; what was done is undone as soon as nothing is under way any more."""
    _close_open_interventions(transition)
    steps = transition.state.steps()
    cancelled = _cancel(transition, steps)
    planned = plan(transition.graph, transition.state, to_step)
    data: dict[str, Any] = {"reason": reason, "plan": list(planned.undo), "cancelled": cancelled}
    data["error"] = error or _error_of(failure)
    optional = {"failure": failure, "to_step": to_step, "by": by, "remains": list(planned.remains)}
    data |= {key: value for key, value in optional.items() if value}
    payload = None
    if transition.graph.compensation_order == "parallel" and planned.undo:
        payload = parallel_order(transition.graph, planned.undo)
    transition.emit("run.compensating", data=data, payload=payload)


def _error_of(failure: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if failure is None:
        return None
    return {"step": failure["step"], "code": failure["error"], "message": failure["message"]}


def _close_open_interventions(transition: Transition) -> None:
    """Questions about going forward are pointless now."""
    for name, step in transition.state.steps().items():
        if step.is_asked_about:
            close_intervention(transition, name, "compensate")
            if step.status == StepStatus.BLOCKED:
                unknown = {"unknown": True} if step.unknown else {}
                transition.emit(
                    "step.failed", name, attempt=step.attempt, data={"error": step.error or {}} | unknown
                )


def _cancel(transition: Transition, steps: Mapping[str, StepState]) -> list[str]:
    """Names of the steps that end now; children are asked to roll themselves back."""
    cancelled = []
    for name, step in steps.items():
        waits_for = (step.waits or {}).get("for")
        if step.status == StepStatus.WAITING and waits_for == "child":
            transition.command(CancelChild((step.waits or {})["child"], "compensate"))
        elif step.status in STOPPABLE or (step.is_map and step.status == StepStatus.RUNNING):
            cancelled.append(name)
    return cancelled


def parallel_order(graph: Graph, names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Reverse-graph order: a step waits for the undo of all that came after it.

    A map stands there too: what waits for it waits until all its items are undone.
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.partition("[")[0], []).append(name)
    nearest = _nearest_planned(graph, set(groups))
    order: dict[str, dict[str, Any]] = {
        step: {"after": 0 if members == [step] else len(members), "then": []}
        for step, members in groups.items()
    }
    for step, members in groups.items():
        order |= {name: {"after": len(nearest[step]), "then": []} for name in members if name != step}
        if members == [step]:
            order[step]["after"] = len(nearest[step])
        for target in nearest[step]:
            order[target]["then"] += members
    return order


def _nearest_planned(graph: Graph, planned: set[str]) -> dict[str, set[str]]:
    """For each step, the planned steps downstream that no other planned step lies before."""
    nearest: dict[str, set[str]] = {}
    for name in sorted(graph.by_name, key=graph.position.__getitem__, reverse=True):
        found: set[str] = set()
        for edge in graph.outgoing[name]:
            found |= {edge.target} if edge.target in planned else nearest[edge.target]
        nearest[name] = found
    return nearest


def late_plan(transition: Transition, key: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """What the entry of a step that ends during the rollback must say to be undone first."""
    ended = replace(transition.step(key), child=data.get("child"))
    is_unknown = bool(data.get("unknown"))
    if "error" in data and not is_unknown:
        return {}
    if is_irreversible(transition.graph, ended):
        return {"remains": True}
    if not is_undoable(transition.graph, ended):
        return {}
    if transition.graph.compensation_order == "sequential":
        return {"undo": _undone_next(transition)}
    if ended.map_name is None:
        return {"undo": _undone_after(transition, key)}
    is_awaited = transition.step(ended.map_name).undo_after > 0
    return {"undo": [] if is_awaited else _undone_after(transition, ended.map_name), "through_map": True}


def _undone_next(transition: Transition) -> list[str]:
    """The planned undo that would be the first, if there is one."""
    return [step.name for step in transition.state.steps().values() if is_ready(step)]


def _undone_after(transition: Transition, name: str) -> list[str]:
    """Planned undos of all that lies before a step in the graph."""
    before = set(transition.graph.ancestors(name))
    planned = [step for step in transition.state.steps().values() if step.undo == UndoStatus.PENDING]
    return [step.name for step in planned if (step.map_name or step.name) in before and not step.is_map]


# --- walk ---


def walk(transition: Transition) -> None:
    """Start what may start now, and end the run after the last undo."""
    if not transition.run.is_drained:
        return
    for name in _ready(transition):
        start_undo(transition, name)
    if transition.run.undo_left == 0:
        _end(transition)


def _ready(transition: Transition) -> list[str]:
    """Undos that have become free to start in this turn."""
    names = transition.state.changed if transition.was_drained else transition.state.steps()
    return [name for name in names if is_ready(transition.step(name))]


def is_ready(step: StepState) -> bool:
    is_free = step.undo == UndoStatus.PENDING and step.undo_after == 0 and step.due_at is None
    return is_free and not step.is_map


def start_undo(transition: Transition, name: str) -> None:
    step = transition.definition(name)
    if step.traits.starts_run and step.undo is None:
        roll_back_child(transition, name)
    else:
        transition.dispatch(name)


def roll_back_child(transition: Transition, name: str) -> None:
    state = transition.step(name)
    data = {"direction": "undo", "child": state.child}
    transition.emit("compensation.started", name, attempt=state.undo_attempt + 1, data=data)
    transition.command(RollBackChild(state.child or ""))


def _end(transition: Transition) -> None:
    run = transition.run
    error = {"error": run.error} if run.error else {}
    transition.emit(
        f"run.{final_status(run).value}", data={"undone": run.undone, "left": run.left_undone} | error
    )
    transition.command(TellParent())


def final_status(run: RunState) -> RunStatus:
    """How a rollback ends when nothing of it is left to do."""
    if run.left_undone:
        return RunStatus.FAILED
    if run.reason == "rollback":
        return RunStatus.COMPLETED if run.partial else RunStatus.COMPENSATED
    if run.reason in ("cancel", "timeout"):
        return RunStatus.CANCELLED
    return RunStatus.COMPENSATED if run.undone else RunStatus.FAILED


def request(transition: Transition, event: Rollback) -> None:
    """A completed run is undone, wholly or back to a step."""
    to_step = event.to_step
    if transition.run.status != "completed":
        raise Refused(f"Only a completed run can be rolled back; this one is {transition.run.status.value}.")
    is_step = to_step in transition.graph.by_name
    if to_step is not None and not (is_step and transition.step(to_step).status == StepStatus.COMPLETED):
        raise Refused(f"{to_step} is not a completed step of this run.", code="unknown_step")
    if not event.by_parent and not plan(transition.graph, transition.state, to_step).undo:
        raise Refused("There is nothing to undo.", code="nothing_to_undo")
    begin(transition, "rollback", to_step=to_step, by=event.by)

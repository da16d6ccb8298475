"""The rollback: its plan, its start and its walk (semantics 6). PURE.

The plan is the list of steps to undo, in reverse order of completion. `designer.analysis.coverage.plan_of`
alone makes it from the steps that may have had an effect; a page that shows the plan and the rollback that
carries it out both call it through `plan`, so they cannot differ.

`begin` stops the run, for a reason that `pivots` lists: it closes interventions about going forward, cancels
what has not started, asks child runs to roll back, and emits `run.compensating` with the plan. In sequential
order each undo waits for the one before it. In parallel order (`parallel_order`) a step waits for the undos
of all planned steps downstream of it, and the payload of the entry holds that order. Either way a step state
counts the undos that it waits for (`undo_after`) and names those that it releases (`undo_then`);
`journal.undo_effects` keeps both.

`walk` runs after each event of the rollback. Nothing is undone before the run is drained, that is, while an
attempt that started earlier may still have its effect; a step that ends in that time gets its place in the
plan from `late_plan`. Then every undo that waits for none is dispatched, and when none is left the run ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from designer.analysis import coverage
from designer.analysis.coverage import Done, Plan, plan_of
from designer.document.graph import Graph
from runs.machine.acts import is_there, is_unknown, other_has_acted
from runs.machine.errors import Refused
from runs.machine.events import NOTHING_LEFT, CancelChild, Left, Rollback, RollBackChild, TellParent
from runs.machine.interventions import close_intervention
from runs.machine.limits import LEFT_NAMES_MAX
from runs.machine.rollback import pivots
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
    """Returns the undos of all steps done so far, or of those after `to_step`, last completed first."""
    floor = _floor(state, to_step)
    acted = [step for step in state.steps().values() if has_acted(step) and _whole_end(step, state) > floor]
    acted.sort(key=lambda step: _order(step, state))
    return plan_of(graph, [_done(graph, step) for step in acted])


def past_pivot(graph: Graph, state: State, planned: Plan, to_step: str | None = None) -> tuple[str, ...]:
    """Returns the points of no return that the rollback `planned` goes back over."""
    return pivots.passed(graph, state, planned.undo, _floor(state, to_step))


def _floor(state: State, to_step: str | None) -> int:
    return state.step(to_step).ended_seq or 0 if to_step else 0


def has_acted(step: StepState) -> bool:
    """Whether a step has had its effect, or may have had it, and its undo has not begun."""
    may_have = step.may_have_acted and step.status not in (StepStatus.RUNNING, StepStatus.WAITING)
    return step.undo == UndoStatus.NONE and (step.status == StepStatus.COMPLETED or may_have)


def _order(step: StepState, state: State) -> tuple[int, str]:
    """Sort key of the order of completion; steps that have not ended come after all that have."""
    return (state.run.last_seq + 1 if step.ended_seq is None else step.ended_seq, step.name)


def _whole_end(step: StepState, state: State) -> int:
    """Returns the number of the entry that ended a step; of an item, that of its map step."""
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


def left_behind(transition: Transition) -> dict[str, list[str]]:
    """Returns the steps whose effect stays, or may stay, if the run ends now, as data of its last entry.

    `abandoned`: the effect could be undone; `remains`: it could not.
    """
    graph, steps = transition.graph, transition.state.steps().values()
    planned = [step.name for step in steps if step.undo in UNDO_LEFT and not step.is_map]
    under_way = [_done_by_now(graph, step) for step in steps if _acts_now(step)]
    acting = [done for done in under_way if coverage.is_undoable(graph.by_name[done.step], done)]
    lasting = [done for done in under_way if coverage.is_irreversible(graph.by_name[done.step], done)]
    rest = plan(graph, transition.state)
    return {
        "abandoned": [*planned, *(done.key for done in acting), *rest.undo],
        "remains": _not_counted(transition.state, (*(done.key for done in lasting), *rest.remains)),
    }


def _not_counted(state: State, remaining: tuple[str, ...]) -> list[str]:
    """Returns the effects that remain, without those that an earlier rollback to a step has left already."""
    return [name for name in remaining if not state.step(name).left_last]


def _acts_now(step: StepState) -> bool:
    """Whether an attempt or a child run is under way."""
    return step.status == StepStatus.RUNNING or (step.waits or {}).get("for") == "child"


def _done_by_now(graph: Graph, step: StepState) -> Done:
    """Returns a step under way as what it may have done by now; a child run may have done its part."""
    child = step.child or (step.waits or {}).get("child")
    return _done(graph, replace(step, child=child))


def left_by(state: State) -> Left:
    """Returns what a run has left undone, for its parent."""
    if not state.run.left_undone:
        return NOTHING_LEFT
    leaving = (step for step in state.steps().values() if step.left)
    names = (
        f"{step.name}/{name}" if name else step.name for step in leaving for name in step.left_names or ("",)
    )
    return Left(state.run.left_undone, tuple(islice(names, LEFT_NAMES_MAX)))


# --- start ---


def begin(
    transition: Transition,
    beginning: pivots.Beginning,
    *,
    reason: Reason | None = None,
    failure: Mapping[str, Any] | None = None,
    error: Mapping[str, Any] | None = None,
    to_step: str | None = None,
    by: str = "",
) -> None:
    """Begins the rollback: nothing goes forward any more, and undos start when the run is drained.

    `reason`: that of the beginning if left out. Raises ValueError where a person must be asked instead.
    """
    if pivots.must_ask(transition.run, beginning):
        raise ValueError(f"{beginning} must not pass a point of no return")
    _close_open_interventions(transition)
    steps = transition.state.steps()
    cancelled = _cancel(transition, steps, by)
    planned = plan(transition.graph, transition.state, to_step)
    data: dict[str, Any] = {"plan": list(planned.undo), "cancelled": cancelled}
    data["reason"] = reason or pivots.BEGINNINGS[beginning].reason
    data["error"] = error or _error_of(failure)
    is_told = not pivots.BEGINNINGS[beginning].asks
    passed = past_pivot(transition.graph, transition.state, planned, to_step) if is_told else ()
    optional: dict[str, Any] = {"failure": failure, "to_step": to_step, "by": by, "past_pivot": list(passed)}
    optional |= {"remains": _not_counted(transition.state, planned.remains)}
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
    """Answers open interventions about going forward: the rollback has decided them."""
    for name, step in transition.state.steps().items():
        if step.is_asked_about:
            close_intervention(transition, name, "compensate")
            if step.status == StepStatus.BLOCKED:
                unknown = {"unknown": True} if is_unknown(step) else {}
                transition.emit(
                    "step.failed", name, attempt=step.attempt, data={"error": step.error or {}} | unknown
                )


def _cancel(transition: Transition, steps: Mapping[str, StepState], by: str) -> list[str]:
    """Returns the names of steps that are cancelled now; child runs are told to roll back instead."""
    cancelled = []
    for name, step in steps.items():
        waits_for = (step.waits or {}).get("for")
        if step.status == StepStatus.WAITING and waits_for == "child":
            transition.command(CancelChild((step.waits or {})["child"], "compensate", by))
        elif step.status in STOPPABLE or (step.is_map and step.status == StepStatus.RUNNING):
            cancelled.append(name)
    return cancelled


def parallel_order(graph: Graph, names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Returns the reverse-graph order: by step, `after` (how many it waits for) and `then` (its waiters).

    It is enough to wait for the nearest planned steps downstream, as those wait for the ones behind them. The
    items of a map are undone side by side; a row for the map step itself counts them, and steps upstream wait
    for that row.
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
        first = members
        if graph.by_name[step].repeats:
            order |= turns_in_a_row(members, len(nearest[step]))
            first = members[:1]
        else:
            order |= {name: {"after": len(nearest[step]), "then": []} for name in members if name != step}
        if members == [step]:
            order[step]["after"] = len(nearest[step])
        for target in nearest[step]:
            order[target]["then"] += first
    return order


def turns_in_a_row(turns: list[str], after: int) -> dict[str, dict[str, Any]]:
    """Returns the order of the turns of a loop: each waits for the one behind it, the first for `after`."""
    return {
        turn: {"after": 1 if place else after, "then": turns[place + 1 : place + 2]}
        for place, turn in enumerate(turns)
    }


def _nearest_planned(graph: Graph, planned: set[str]) -> dict[str, set[str]]:
    """Returns, for each step, the planned steps downstream with no other planned step in between."""
    nearest: dict[str, set[str]] = {}
    for name in sorted(graph.by_name, key=graph.position.__getitem__, reverse=True):
        nearest[name] = set()
        for edge in graph.outgoing[name]:
            nearest[name] |= {edge.target} if edge.target in planned else nearest[edge.target]
    return nearest


def late_plan(transition: Transition, key: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what the entry of a step that ends during the rollback says about its place in the plan.

    `undo`: the planned undos that wait for it. `through_map`: they wait for its map as a whole. `in_loop`: it
    is a turn, and the turn before it waits. `remains`: it had an effect that cannot be undone. {}: there is
    nothing to undo.
    """
    ended = replace(transition.step(key), child=data.get("child"))
    may_have_acted = data.get("unknown") or data.get("acted", is_there(ended)) or other_has_acted(ended)
    if "error" in data and not may_have_acted:
        return {}
    if is_irreversible(transition.graph, ended):
        return {"remains": True}
    if not is_undoable(transition.graph, ended):
        return {}
    if transition.graph.compensation_order == "sequential":
        return {"undo": _undone_next(transition)}
    if ended.map_name is None:
        return {"undo": _undone_after(transition, key)}
    if transition.definition(key).repeats and (first := _first_turn(transition, ended.map_name)):
        return {"undo": [first], "in_loop": True}
    is_awaited = transition.step(ended.map_name).undo_after > 0  # other items are planned; it joins them
    return {"undo": [] if is_awaited else _undone_after(transition, ended.map_name), "through_map": True}


def _first_turn(transition: Transition, name: str) -> str | None:
    """Returns the planned undo of the last turn of a loop that has ended; None if no turn is planned."""
    turns = transition.state.items(name).values()
    planned = [turn for turn in turns if turn.undo == UndoStatus.PENDING]
    return max(planned, key=lambda turn: turn.index).name if planned else None


def _undone_next(transition: Transition) -> list[str]:
    """Returns the planned undo that would be the first; [] if there is none."""
    return [step.name for step in transition.state.steps().values() if is_ready(step)]


def _undone_after(transition: Transition, name: str) -> list[str]:
    """Returns the planned undos of all steps upstream of a step."""
    before = set(transition.graph.ancestors(name))
    planned = [step for step in transition.state.steps().values() if step.undo == UndoStatus.PENDING]
    return [step.name for step in planned if (step.map_name or step.name) in before and not step.is_map]


# --- walk ---


def walk(transition: Transition) -> None:
    """Starts the undos that may start now, and ends the run after the last one."""
    if not transition.run.is_drained:
        return
    while to_ask := [name for name in _ready(transition) if pivots.asks_before_undo(transition, name)]:
        for name in to_ask:
            pivots.ask_about_undo(transition, name)  # which may release others
    for name in _ready(transition):
        start_undo(transition, name)
    if transition.run.undo_left == 0:
        _end(transition)


def _ready(transition: Transition) -> list[str]:
    """Returns the undos that this event has released.

    Once the walk is under way, only a step that changed can have been released; so a large run is not read
    whole.
    """
    names = transition.state.changed if transition.was_drained else transition.state.steps()
    return [name for name in names if is_ready(transition.step(name))]


def is_ready(step: StepState) -> bool:
    is_free = step.undo == UndoStatus.PENDING and step.undo_after == 0 and step.due_at is None
    return is_free and not step.is_map


def start_undo(transition: Transition, name: str) -> None:
    """Offers an undo to worker processes; where the step has none but a child run, rolls that back.

    While the run is paused it does neither.
    """
    if transition.run.paused_at is not None:
        return None
    state = transition.step(name)
    if not pivots.rolls_child_back(transition.graph, state):
        return transition.dispatch(name)
    data = {"direction": "undo", "child": state.child}
    transition.emit("compensation.started", name, attempt=state.undo_attempt + 1, data=data)
    return transition.command(RollBackChild(state.child or "", transition.run.by or state.undo_by))


def _end(transition: Transition) -> None:
    run = transition.run
    error = {"error": run.error} if run.error else {}
    transition.emit(
        f"run.{final_status(run).value}", data={"undone": run.undone, "left": run.left_undone} | error
    )
    transition.command(TellParent())


def final_status(run: RunState) -> RunStatus:
    """Returns the status with which a run ends whose rollback is complete."""
    if run.left_undone:
        return RunStatus.FAILED
    if run.reason == "rollback":
        return RunStatus.COMPLETED if run.partial else RunStatus.COMPENSATED
    if run.reason in ("cancel", "timeout"):
        return RunStatus.CANCELLED
    return RunStatus.COMPENSATED if run.undone else RunStatus.FAILED


def may_go_back(run: RunState) -> bool:
    """Whether a rollback on demand may begin; `plan` says what it would undo.

    A run that was rolled back to a step, and left something, has failed; what came before is as it was.
    """
    return run.final == RunStatus.COMPLETED or (run.final == RunStatus.FAILED and run.partial)


def request(transition: Transition, event: Rollback) -> None:
    """Rolls a completed run, or one that was rolled back to a step, back: wholly or to a step.

    Raises Refused.
    """
    to_step = event.to_step
    if not may_go_back(transition.run):
        raise Refused(f"Only a completed run can be rolled back; this one is {transition.run.status.value}.")
    is_step = to_step in transition.graph.by_name
    if to_step is not None and not (is_step and transition.step(to_step).status == StepStatus.COMPLETED):
        raise Refused(f"{to_step} is not a completed step of this run.", code="unknown_step")
    if not event.by_parent and not plan(transition.graph, transition.state, to_step).undo:
        raise Refused("There is nothing to undo.", code="nothing_to_undo")
    beginning: pivots.Beginning = "rollback_by_person" if event.by else "rollback_by_parent"
    if pivots.must_ask(transition.run, beginning):
        raise Refused("It has passed its point of no return; only a person undoes it.", code="past_pivot")
    begin(transition, beginning, to_step=to_step, by=event.by)

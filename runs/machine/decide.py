"""`decide(graph, state, event)`: the rules of a run, as one pure function.

No Django, clock, randomness or I/O. The handler of the event's type emits entries; each is applied to a
working copy of the state as it is emitted, so that later rules see it. `settle` then adds the consequences of
the joint state. The result is the new state, the entries to append and the commands to carry out after the
commit. The state that was passed in is never changed, and an exception leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Any

from config.lib.json_values import why_unstorable
from designer.document.graph import Graph
from designer.expressions.budget import SharedBudget
from runs.machine import operator_actions
from runs.machine.errors import Refused, Stale
from runs.machine.events import (
    AnswerIntervention,
    Approve,
    Cancel,
    Claim,
    ClaimIntervention,
    Decision,
    EndChild,
    EndLoop,
    Event,
    HandBack,
    HappenNow,
    Lose,
    Note,
    Pause,
    Report,
    Resume,
    Rollback,
    Signal,
    Start,
    TakeEvent,
    TellParent,
    TimeOut,
    Wake,
)
from runs.machine.flow import pausing
from runs.machine.rollback import plan
from runs.machine.states import RunStatus, State
from runs.machine.steps import attempts, child_runs, waits
from runs.machine.steps.kinds import approval
from runs.machine.steps.ready import advance
from runs.machine.steps.taking_over import TakenOver, take_over
from runs.machine.transition import Transition


def decide(graph: Graph, state: State, event: Event) -> Decision:
    """Decides about `event` in a run of `graph` (as expanded) that is in `state`.

    Raises Refused where a person must be told why not, Stale for a machine's message that comes too late.
    The expressions that one event has to evaluate share a budget: nothing watches a process while it decides.
    """
    if state.run.imported:
        raise Refused(
            "This run came as a file: it can be looked at, and nothing can be done with it.", code="imported"
        )
    if isinstance(event, OF_PEOPLE):
        _check_values(event)
    transition = Transition(graph, state, event.at, getattr(event, "jitter", 0.0))
    with SharedBudget():
        HANDLERS[type(event)](transition, event)
        settle(transition)
    return transition.decision()


def _check_values(event: Event) -> None:
    """Raises Refused if an event brings a value that cannot be kept."""
    values = {spec.name: getattr(event, spec.name) for spec in fields(event) if spec.name != "at"}
    reason = why_unstorable(values)
    if reason:
        raise Refused(f"That cannot be kept: {reason}.", code="bad_value")


def create(
    graph: Graph,
    state: State,
    at: Any,
    data: dict[str, Any] | None = None,
    taken_over: Sequence[TakenOver] = (),
) -> Decision:
    """Decides about a new run: its first entry, which holds `data`, and the steps that it takes over."""
    transition = Transition(graph, state, at)
    transition.emit("run.created", data={"total": len(graph.steps), **(data or {})})
    take_over(transition, taken_over)
    return transition.decision()


def _start(transition: Transition, event: Start) -> None:
    if transition.run.status != RunStatus.PENDING:
        raise Stale("the run has already started")
    timeout = transition.graph.timeout if transition.run.due_at is None else None
    due_at = None if timeout is None else transition.at + timedelta(seconds=timeout)
    transition.emit("run.started", data={} if due_at is None else {"due_at": due_at.isoformat()})
    transition.revisit(transition.graph.roots)
    if transition.run.again:
        transition.revisit(name for name, step in transition.state.steps().items() if step.edges_decided)


def settle(transition: Transition) -> None:
    """Adds the consequences of the joint state, to a fixed point: readiness, the undo walk, the end.

    Of a paused run there are none before it is resumed.
    """
    if transition.run.paused_at is not None:
        return
    advance(transition)
    run = transition.run
    if run.phase == "undo":
        plan.walk(transition)
    elif run.phase == "forward" and run.started_at and not (run.active or run.waiting or run.blocked):
        transition.emit("run.completed", data={"left": run.left_undone} if run.left_undone else {})
        transition.command(TellParent())
    _announce_blocked(transition)


def _announce_blocked(transition: Transition) -> None:
    if transition.run.phase == "ended":
        return
    is_blocked = transition.run.status == RunStatus.BLOCKED
    if is_blocked and not transition.run.said_blocked:
        transition.emit("run.blocked")
    elif not is_blocked and transition.run.said_blocked:
        transition.emit("run.resumed")


OF_PEOPLE = (
    Signal,
    TakeEvent,
    HappenNow,
    Approve,
    EndLoop,
    Cancel,
    Pause,
    Resume,
    Rollback,
    ClaimIntervention,
    AnswerIntervention,
)
Handler = Callable[[Transition, Any], None]
HANDLERS: dict[type, Handler] = {
    Start: _start,
    Claim: attempts.claim,
    Report: attempts.report,
    Lose: attempts.lose,
    HandBack: attempts.hand_back,
    Note: attempts.note,
    Wake: operator_actions.wake,
    HappenNow: operator_actions.happen_now,
    Signal: operator_actions.signal,
    TakeEvent: waits.take_event,
    Approve: approval.approve,
    EndChild: child_runs.end_child,
    EndLoop: operator_actions.end_loop,
    Cancel: operator_actions.cancel,
    Pause: pausing.pause,
    Resume: pausing.resume,
    TimeOut: operator_actions.time_out,
    Rollback: plan.request,
    ClaimIntervention: operator_actions.claim_intervention,
    AnswerIntervention: operator_actions.answer_intervention,
}

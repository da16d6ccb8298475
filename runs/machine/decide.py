"""`decide(graph, state, event)`: the rules of a run, as one pure function.

No Django, clock, randomness or I/O. It returns what happened and what to do, raises `Refused`
where a person must be told why not, and `Stale` for what comes too late. The state that was
passed in is never changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from designer.document.graph import Graph
from runs.machine import operator_actions
from runs.machine.errors import Refused, Stale
from runs.machine.events import (
    AnswerCase,
    Approve,
    Cancel,
    Claim,
    Decision,
    EndChild,
    Event,
    HandBack,
    Lose,
    Note,
    Report,
    Rollback,
    Signal,
    Start,
    TakeCase,
    TellParent,
    TimeOut,
    Wake,
)
from runs.machine.rollback import plan
from runs.machine.states import RunStatus, State
from runs.machine.steps import attempts
from runs.machine.steps.ready import advance
from runs.machine.transition import Turn


def decide(graph: Graph, state: State, event: Event) -> Decision:
    """What `event` leads to in a run of `graph` (as expanded) that is in `state`."""
    if state.run.imported:
        raise Refused(
            "This run came as a file: it can be looked at, and nothing can be done with it.", code="imported"
        )
    turn = Turn(graph, state, event.at, getattr(event, "jitter", 0.0))
    HANDLERS[type(event)](turn, event)
    settle(turn)
    return turn.decision()


def create(graph: Graph, state: State, at: Any, data: dict[str, Any] | None = None) -> Decision:
    """The first entry of a new run."""
    turn = Turn(graph, state, at)
    turn.emit("run.created", data={"total": len(graph.steps), **(data or {})})
    return turn.decision()


def _start(turn: Turn, event: Start) -> None:
    if turn.run.status != RunStatus.PENDING:
        raise Stale("the run has already started")
    turn.emit("run.started")
    turn.decided(list(turn.graph.roots), [])


def settle(turn: Turn) -> None:
    """Consequences of the joint state, to a fixed point: readiness, the undo walk, the end."""
    advance(turn)
    run = turn.run
    if run.phase == "undo":
        plan.walk(turn)
    elif run.phase == "forward" and run.started_at and not (run.active or run.waiting or run.blocked):
        turn.emit("run.completed")
        turn.command(TellParent())
    _announce_blocked(turn)


def _announce_blocked(turn: Turn) -> None:
    if turn.run.phase == "ended":
        return
    is_blocked = turn.run.status == RunStatus.BLOCKED
    if is_blocked and not turn.run.said_blocked:
        turn.emit("run.blocked")
    elif not is_blocked and turn.run.said_blocked:
        turn.emit("run.resumed")


Handler = Callable[[Turn, Any], None]
HANDLERS: dict[type, Handler] = {
    Start: _start,
    Claim: attempts.claim,
    Report: attempts.report,
    Lose: attempts.lose,
    HandBack: attempts.hand_back,
    Note: attempts.note,
    Wake: operator_actions.wake,
    Signal: operator_actions.signal,
    Approve: operator_actions.approve,
    EndChild: operator_actions.end_child,
    Cancel: operator_actions.cancel,
    TimeOut: operator_actions.time_out,
    Rollback: operator_actions.roll_back,
    TakeCase: operator_actions.take_case,
    AnswerCase: operator_actions.answer_case,
}

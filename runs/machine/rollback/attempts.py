"""Attempts of compensations, and of verifications before them. PURE."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from designer.document.graph import Action
from runs.machine.errors import Stale
from runs.machine.events import Claim
from runs.machine.interventions import open_case
from runs.machine.retry_policy import action_of, answer_of, lease_until, may_retry, next_direction, retry_at
from runs.machine.states import StepState, UndoStatus
from runs.machine.transition import Turn, error_of
from workers.sdk.outcome import Failure, Outcome


def start(turn: Turn, event: Claim, state: StepState) -> None:
    is_due = state.due_at is None or state.due_at <= turn.at
    if state.undo != UndoStatus.PENDING or state.is_map or state.undo_after or not is_due:
        raise Stale(f"the undo of {event.step} is not to be started now")
    direction = next_direction(turn.definition(event.step), state)
    data = {
        "direction": direction,
        "lease": event.lease,
        "process": event.process,
        "until": lease_until(action_of(turn.definition(event.step), direction), turn.at).isoformat(),
    }
    attempt = state.undo_attempt + (direction == "undo")
    turn.emit("compensation.started", event.step, attempt=attempt, data=data)


def conclude(turn: Turn, key: str, outcome: Outcome) -> None:
    """What an undo attempt, or the verification before it, came to."""
    state = turn.step(key)
    if state.phase == "verify":
        return _verified(turn, key, state, outcome)
    if outcome.kind == "succeeded":
        return end(turn, key, "compensated", **turn.took(key))
    action = action_of(turn.definition(key), "undo")
    if outcome.kind != "intervention" and may_retry(action, state, outcome):
        return _retry(turn, key, state, action, outcome)
    return _fail(turn, key, state, _failure(outcome))


def end(turn: Turn, key: str, undo: str, **data: Any) -> None:
    turn.emit("compensation.completed", key, attempt=turn.step(key).undo_attempt, data={"undo": undo, **data})


def _verified(turn: Turn, key: str, state: StepState, outcome: Outcome) -> None:
    answer = answer_of(outcome)
    if answer.get("outcome") == "not_done":
        return end(turn, key, "none", verified=True)
    if answer.get("outcome") == "done":
        data = {"verified": True, "output": True}
        return schedule(turn, key, state, turn.at, data, answer.get("output", {}))
    return schedule(turn, key, state, turn.at, {"verified": False})


def _retry(turn: Turn, key: str, state: StepState, action: Action, outcome: Outcome) -> None:
    due_at = retry_at(action, state, outcome, turn.at, turn.jitter)
    has_asked = outcome.kind == "retry_needed"
    data = {"asked" if has_asked else "failed": 1, "error": error_of(_failure(outcome))}
    schedule(turn, key, state, due_at, data, outcome.output if has_asked else None)


def schedule(
    turn: Turn, key: str, state: StepState, due_at: datetime, data: dict[str, Any], payload: Any = None
) -> None:
    """The undo is tried (again) at `due_at`."""
    data = {"direction": "undo", "due_at": due_at.isoformat(), **data}
    turn.emit("compensation.retry_scheduled", key, attempt=state.undo_attempt, data=data, payload=payload)
    if due_at <= turn.at:
        turn.ring(key)


def _fail(turn: Turn, key: str, state: StepState, failure: Failure) -> None:
    data: dict[str, Any] = {"error": error_of(failure)}
    if turn.graph.continue_compensating:
        data["go_on"] = True
    turn.emit("compensation.failed", key, attempt=state.undo_attempt, data=data)
    open_case(turn, key, "compensation_failed", failure)


def _failure(outcome: Outcome) -> Failure:
    return outcome.failure or Failure(outcome.kind, f"The compensation ended {outcome.kind}.")

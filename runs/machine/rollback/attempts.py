"""Attempts of compensations, and of the verifications before them. PURE.

`conclude` is the one place where the outcome of such an attempt is decided; `steps.attempts` has its
counterpart for forward attempts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from designer.document.graph import Action
from runs.machine.acts import is_there, other_has_acted
from runs.machine.errors import Stale
from runs.machine.events import Claim
from runs.machine.interventions import open_intervention
from runs.machine.retry_policy import action_of, answer_of, lease_until, may_retry, next_direction, retry_at
from runs.machine.rollback import plan
from runs.machine.states import StepState, UndoStatus
from runs.machine.transition import Transition, error_of
from workers.sdk.outcome import Failure, Outcome


def start(transition: Transition, event: Claim, state: StepState) -> None:
    """Starts a due undo, or the verification before it. Raises Stale."""
    is_due = state.due_at is None or state.due_at <= transition.at
    if state.undo != UndoStatus.PENDING or state.is_map or state.undo_after or not is_due:
        raise Stale(f"the undo of {event.step} is not to be started now")
    direction = next_direction(transition.definition(event.step), state)
    data = {
        "direction": direction,
        "lease": event.lease,
        "process": event.process,
        "until": lease_until(
            action_of(transition.definition(event.step), direction), transition.at
        ).isoformat(),
    }
    attempt = state.undo_attempt + (direction == "undo")
    transition.emit("compensation.started", event.step, attempt=attempt, data=data)


def conclude(transition: Transition, key: str, outcome: Outcome) -> None:
    """Decides about the outcome of an undo attempt, or of the verification before it."""
    state = transition.step(key)
    if state.phase == "verify":
        return _verified(transition, key, state, outcome)
    if outcome.kind == "succeeded":
        return end(transition, key, "compensated", **transition.duration(key))
    action = action_of(transition.definition(key), "undo")
    if outcome.kind != "intervention" and may_retry(action, state, outcome):
        return _retry(transition, key, state, action, outcome)
    return _fail(transition, key, state, _failure(outcome))


def end(transition: Transition, key: str, undo: str, **data: Any) -> None:
    """Ends the undo of an act of a step; where the other act may have had an effect, its undo follows."""
    state = transition.step(key)
    if not state.undo_second and other_has_acted(state):
        return schedule(transition, key, state, transition.at, {"first": undo, **data})
    whole = state.undo_first if undo == "none" and state.undo_first else undo
    data = {"undo": whole, **data}
    transition.emit("compensation.completed", key, attempt=state.undo_attempt, data=data)
    return None


def _verified(transition: Transition, key: str, state: StepState, outcome: Outcome) -> None:
    answer = answer_of(outcome)
    if answer.get("outcome") == "not_done":
        return end(transition, key, "none", verified=True)
    is_done = answer.get("outcome") == "done"
    if is_done and ("output" in answer or not is_there(state)):  # else what is known of its output stays
        data = {"verified": True, "output": True}
        return schedule(transition, key, state, transition.at, data, answer.get("output", {}))
    return schedule(transition, key, state, transition.at, {"verified": is_done})


def _retry(transition: Transition, key: str, state: StepState, action: Action, outcome: Outcome) -> None:
    due_at = retry_at(action, state, outcome, transition.at, transition.jitter)
    has_asked = outcome.kind == "retry_needed"
    data = {"asked" if has_asked else "failed": 1, "error": error_of(_failure(outcome))}
    schedule(transition, key, state, due_at, data, outcome.output if has_asked else None)


def schedule(
    transition: Transition,
    key: str,
    state: StepState,
    due_at: datetime,
    data: dict[str, Any],
    payload: Any = None,
) -> None:
    """Schedules the next attempt of an undo at `due_at`."""
    data = {"direction": "undo", "due_at": due_at.isoformat(), **data}
    transition.emit(
        "compensation.retry_scheduled", key, attempt=state.undo_attempt, data=data, payload=payload
    )
    if due_at <= transition.at:
        plan.start_undo(transition, key)


def _fail(transition: Transition, key: str, state: StepState, failure: Failure) -> None:
    data: dict[str, Any] = {"error": error_of(failure)}
    if transition.graph.continue_compensating:
        data["go_on"] = True
    transition.emit("compensation.failed", key, attempt=state.undo_attempt, data=data)
    open_intervention(transition, key, "compensation_failed", failure)


def _failure(outcome: Outcome) -> Failure:
    return outcome.failure or Failure(outcome.kind, f"The compensation ended {outcome.kind}.")

"""The end of a run that does the work of a step, or of an item of a map or loop. PURE.

`started_runs` has its beginning.
"""

from __future__ import annotations

from typing import Any

from config.lib.json_values import why_unstorable
from designer.document.graph import Step
from runs.machine.errors import Stale
from runs.machine.events import EndChild
from runs.machine.retry_policy import action_of, may_retry
from runs.machine.rollback import pivots
from runs.machine.states import StepStatus, UndoStatus
from runs.machine.steps import attempts
from runs.machine.transition import Transition
from workers.sdk.outcome import Failure, Outcome

NAMES_TOLD_MAX = 5  # in the message of a failure


def end_child(transition: Transition, event: EndChild) -> None:
    """The run of a step or an item has ended, forward or rolled back. Raises Stale."""
    state = transition.step(event.step)
    waits = state.waits or {}
    if waits.get("child") == event.child and state.status == StepStatus.WAITING:
        if event.status == "started":
            return _is_under_way(transition, event)
        return _ended(transition, event)
    is_undone_by_run = state.undo == UndoStatus.RUNNING and state.due_at is None  # and not by a worker
    if is_undone_by_run and state.child == event.child:
        if event.status != "completed" and not event.may_go_back:  # else the rest is undone, too
            return _rolled_back(transition, event)
        if event.past_pivot and not (transition.run.by or state.undo_by):
            return pivots.ask_about_undo(transition, event.step)
    raise Stale(f"{event.step} does not wait for a child")


def _is_under_way(transition: Transition, event: EndChild) -> None:
    """A detached run has started: the step goes on at once, and its output is the run's id."""
    step = transition.definition(event.step)
    undo = {"child": event.child} if step.undoes_by_run else {}
    attempts.succeed(transition, event.step, event.child, **undo)


def _ended(transition: Transition, event: EndChild) -> None:
    """Ends the step with its child run. A child that did not complete has undone itself; its step fails."""
    step = transition.definition(event.step)
    if event.status == "completed":
        data: dict[str, Any] = {"child": event.child} | ({"child_pivot": True} if event.past_pivot else {})
        if reason := why_unstorable(event.output):
            failure = Failure("bad_output", f"The output of the child run cannot be kept: {reason}.")
            return attempts.give_up(transition, event.step, failure, {}, acted=True, **data, **_left(event))
        return attempts.succeed(transition, event.step, event.output, **data, **_left(event))
    failure = _failure(step, event)
    outcome = Outcome("failed", failure=failure, retryable=True)
    if (
        step.retry is not None
        and transition.run.phase == "forward"
        and _may_retry(transition, event, outcome)
    ):
        return attempts.schedule(transition, event.step, outcome, False, **_left(event))
    return attempts.give_up(transition, event.step, failure, **_left(event))


def _may_retry(transition: Transition, event: EndChild, outcome: Outcome) -> bool:
    """Whether another run follows. A run that somebody has cancelled is not begun again."""
    is_cancelled = event.status == "cancelled" and (event.error or {}).get("code") != "timeout"
    if is_cancelled or attempts.is_pointless(transition, event.step):
        return False
    action = action_of(transition.definition(event.step), "forward")
    return may_retry(action, transition.step(event.step), outcome)


def _failure(step: Step, event: EndChild) -> Failure:
    """Returns the failure of a step whose run failed; that of a body has the code of what failed in it."""
    error = event.error or {}
    message = f"The child run of {event.step} ended {event.status}: {error.get('message', 'no reason given')}"
    if event.left.count:
        effects = "1 effect" if event.left.count == 1 else f"{event.left.count} effects"
        message = f"{message} It left {effects} undone: {', '.join(event.left.names[:NAMES_TOLD_MAX])}."
    code = error.get("code", "")
    is_own = step.body is not None or (code == "timeout" and step.timeout is not None)
    if is_own and code:
        return Failure(code, message)
    return Failure("child_failed", message, cause=code)


def _left(event: EndChild) -> dict[str, Any]:
    """Returns what the child run left, as data of the entry that says so."""
    return {"left": event.left.count, "left_names": list(event.left.names)} if event.left.count else {}


def _rolled_back(transition: Transition, event: EndChild) -> None:
    """Ends the undo of a step with the rollback of its child run, complete or with effects left undone."""
    is_free = transition.definition(event.step).detached  # it may have failed, or been stopped, by itself
    is_clean = event.status == "compensated" or (is_free and not event.left.count)
    attempt = transition.step(event.step).undo_attempt
    data = {"undo": "compensated" if is_clean else "abandoned", **_left(event)}
    transition.emit("compensation.completed", event.step, attempt=attempt, data=data)

"""The end of a child run, for the `workflow` step that started it. PURE."""

from __future__ import annotations

from typing import Any

from config.lib.json_values import why_unstorable
from runs.machine.errors import Stale
from runs.machine.events import EndChild
from runs.machine.rollback import pivots
from runs.machine.states import StepStatus, UndoStatus
from runs.machine.steps import completion
from runs.machine.transition import Transition
from workers.sdk.outcome import Failure

NAMES_TOLD_MAX = 5  # in the message of a failure


def end_child(transition: Transition, event: EndChild) -> None:
    """The child run of a step has ended, forward or rolled back. Raises Stale."""
    state = transition.step(event.step)
    if (state.waits or {}).get("child") == event.child and state.status == StepStatus.WAITING:
        return _ended(transition, event)
    if state.undo == UndoStatus.RUNNING and state.child == event.child:
        if event.status != "completed" and not event.may_go_back:  # else the rest is undone, too
            return _rolled_back(transition, event)
        if event.past_pivot and not (transition.run.by or state.undo_by):
            return pivots.ask_about_undo(transition, event.step)
    raise Stale(f"{event.step} does not wait for a child")


def _ended(transition: Transition, event: EndChild) -> None:
    """Ends the step with its child run. A child that did not complete has undone itself; its step fails."""
    if event.status == "completed":
        data: dict[str, Any] = {"child": event.child} | ({"child_pivot": True} if event.past_pivot else {})
        if reason := why_unstorable(event.output):
            failure = Failure("bad_output", f"The output of the child run cannot be kept: {reason}.")
            return completion.fail(transition, event.step, failure, {}, acted=True, **data, **_left(event))
        return completion.complete(transition, event.step, event.output, **data, **_left(event))
    told = (event.error or {}).get("message", "no reason given")
    message = f"The child run of {event.step} ended {event.status}: {told}"
    if event.left.count:
        effects = "1 effect" if event.left.count == 1 else f"{event.left.count} effects"
        message = f"{message} It left {effects} undone: {', '.join(event.left.names[:NAMES_TOLD_MAX])}."
    return completion.fail(transition, event.step, Failure("child_failed", message), **_left(event))


def _left(event: EndChild) -> dict[str, Any]:
    """Returns what the child run left, as data of the entry that says so."""
    return {"left": event.left.count, "left_names": list(event.left.names)} if event.left.count else {}


def _rolled_back(transition: Transition, event: EndChild) -> None:
    """Ends the undo of a step with the rollback of its child run, complete or with effects left undone."""
    undo = "compensated" if event.status == "compensated" else "abandoned"
    attempt = transition.step(event.step).undo_attempt
    data = {"undo": undo, **_left(event)}
    transition.emit("compensation.completed", event.step, attempt=attempt, data=data)

"""The end of a child run, for the `workflow` step that started it. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.lib.json_values import why_unstorable
from runs.machine.steps import completion
from runs.machine.transition import Transition
from workers.sdk.outcome import Failure


def child_ended(
    transition: Transition, name: str, child: str, status: str, output: Any, error: Mapping[str, Any]
) -> None:
    """Ends the step with its child run. A child that did not complete has undone itself; its step fails."""
    if status == "completed":
        if reason := why_unstorable(output):
            failure = Failure("bad_output", f"The output of the child run cannot be kept: {reason}.")
            return completion.fail(transition, name, failure, {}, acted=True, child=child)
        return completion.complete(transition, name, output, child=child)
    message = f"The child run of {name} ended {status}: {error.get('message', 'no reason given')}"
    return completion.fail(transition, name, Failure("child_failed", message))


def rolled_back(transition: Transition, name: str, status: str) -> None:
    """Ends the undo of a step with the rollback of its child run, complete or with effects left undone."""
    undo = "compensated" if status == "compensated" else "abandoned"
    transition.emit(
        "compensation.completed", name, attempt=transition.step(name).undo_attempt, data={"undo": undo}
    )

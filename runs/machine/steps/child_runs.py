"""What becomes of steps that are runs of another workflow when the child run ends. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runs.machine.steps import completion
from runs.machine.transition import Transition
from workers.sdk.outcome import Failure


def child_ended(
    transition: Transition, name: str, child: str, status: str, output: Any, error: Mapping[str, Any]
) -> None:
    """A child that did not complete fails its step; it has already undone what it did."""
    if status == "completed":
        return completion.complete(transition, name, output, child=child)
    message = f"The child run of {name} ended {status}: {error.get('message', 'no reason given')}"
    return completion.fail(transition, name, Failure("child_failed", message))


def rolled_back(transition: Transition, name: str, status: str) -> None:
    """The rollback of a completed child has ended: wholly, or with something left undone."""
    undo = "compensated" if status == "compensated" else "abandoned"
    transition.emit(
        "compensation.completed", name, attempt=transition.step(name).undo_attempt, data={"undo": undo}
    )

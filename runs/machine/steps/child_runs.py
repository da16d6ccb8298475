"""Steps that are runs of another workflow. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designer.document.graph import Step
from designer.expressions.expressions import resolve
from runs.machine.bindings import scope_at
from runs.machine.events import StartChild, child_id
from runs.machine.retry_policy import DEPTH_MAX
from runs.machine.steps import completion
from runs.machine.transition import Turn
from workers.sdk.outcome import Failure


def begin_workflow(turn: Turn, step: Step) -> None:
    if turn.run.depth + 1 > DEPTH_MAX:
        message = f"{step.name} would be a run {DEPTH_MAX + 1} levels deep; the limit is {DEPTH_MAX}"
        return completion.fail(turn, step.name, Failure("too_deep", message))
    scope = scope_at(turn.graph, turn.state, step.name)
    child_input = resolve(dict(step.input), scope) if step.input is not None else scope["context"]
    attempt = turn.step(step.name).attempt + 1
    child = child_id(turn.run.id, step.name, attempt)
    turn.emit(
        "step.waiting",
        step.name,
        attempt=attempt,
        data={"for": "child", "child": child, "workflow": step.workflow},
    )
    turn.command(StartChild(step.name, child, step.workflow or "", step.version, child_input))
    return None


def child_ended(
    turn: Turn, name: str, child: str, status: str, output: Any, error: Mapping[str, Any]
) -> None:
    """A child that did not complete fails its step; it has already undone what it did."""
    if status == "completed":
        return completion.complete(turn, name, output, child=child)
    message = f"The child run of {name} ended {status}: {error.get('message', 'no reason given')}"
    return completion.fail(turn, name, Failure("child_failed", message))


def rolled_back(turn: Turn, name: str, status: str) -> None:
    """The rollback of a completed child has ended: wholly, or with something left undone."""
    undo = "compensated" if status == "compensated" else "abandoned"
    turn.emit("compensation.completed", name, attempt=turn.step(name).undo_attempt, data={"undo": undo})

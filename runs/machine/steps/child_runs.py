"""Steps that are runs of another workflow. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designer.document.graph import Step
from designer.expressions.expressions import resolve
from runs.machine.bindings import bindings_at
from runs.machine.events import StartChild, child_id
from runs.machine.retry_policy import DEPTH_MAX
from runs.machine.steps import completion
from runs.machine.transition import Transition
from workers.sdk.outcome import Failure


def begin_workflow(transition: Transition, step: Step) -> None:
    if transition.run.depth + 1 > DEPTH_MAX:
        message = f"{step.name} would be a run {DEPTH_MAX + 1} levels deep; the limit is {DEPTH_MAX}"
        return completion.fail(transition, step.name, Failure("too_deep", message))
    bindings = bindings_at(transition.graph, transition.state, step.name)
    child_input = resolve(dict(step.input), bindings) if step.input is not None else bindings["context"]
    attempt = transition.step(step.name).attempt + 1
    child = child_id(transition.run.id, step.name, attempt)
    transition.emit(
        "step.waiting",
        step.name,
        attempt=attempt,
        data={"for": "child", "child": child, "workflow": step.workflow},
    )
    transition.command(StartChild(step.name, child, step.workflow or "", step.version, child_input))
    return None


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

"""Child runs: the step starts a run of another workflow and waits for it. PURE."""

from __future__ import annotations

from designer.document.graph import Step
from designer.expressions.budget import weight
from designer.expressions.expressions import resolve
from runs.machine.bindings import bindings_at
from runs.machine.events import StartChild, child_id
from runs.machine.limits import COMPUTED_WEIGHT_MAX, DEPTH_MAX
from runs.machine.steps import completion
from runs.machine.steps.kinds import Rules
from runs.machine.transition import Transition, keepable
from workers.sdk.outcome import Failure


def begin(transition: Transition, step: Step) -> None:
    if transition.run.depth + 1 > DEPTH_MAX:
        message = f"{step.name} would be a run {DEPTH_MAX + 1} levels deep; the limit is {DEPTH_MAX}"
        return completion.fail(transition, step.name, Failure("too_deep", message))
    bindings = bindings_at(transition.graph, transition.state, step.name)
    child_input = resolve(dict(step.input), bindings) if step.input is not None else bindings["context"]
    weight(child_input, COMPUTED_WEIGHT_MAX)  # a value that is put in at many places is not encoded first
    keepable(child_input, f"the input of {step.name}")
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


RULES = Rules(begin)

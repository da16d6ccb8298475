"""Set: values that the engine computes by itself, without a worker. PURE."""

from __future__ import annotations

from designer.document.graph import Step
from designer.expressions.budget import weight
from designer.expressions.expressions import resolve
from runs.machine.bindings import bindings_at
from runs.machine.limits import COMPUTED_WEIGHT_MAX
from runs.machine.steps import completion
from runs.machine.steps.kinds import Rules
from runs.machine.transition import Transition, keepable


def begin(transition: Transition, step: Step) -> None:
    values = resolve(dict(step.values or {}), bindings_at(transition.graph, transition.state, step.name))
    weight(values, COMPUTED_WEIGHT_MAX)  # a value that is put in at many places is not encoded first
    keepable(values, f"what {step.name} sets")
    completion.complete(transition, step.name, values)


RULES = Rules(begin)

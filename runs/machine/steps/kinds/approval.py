"""Approvals: the step waits for a person to approve or reject. PURE."""

from __future__ import annotations

from designer.document.graph import Step
from runs.machine.bindings import text_of
from runs.machine.steps import waits
from runs.machine.steps.kinds import Rules
from runs.machine.transition import Transition


def begin(transition: Transition, step: Step) -> None:
    message = text_of(transition.graph, transition.state, step.name, step.message)
    data = {"for": "approval", "message": message or step.title}
    waits.wait(transition, step, data | waits.time_limit(transition, step))


RULES = Rules(begin)

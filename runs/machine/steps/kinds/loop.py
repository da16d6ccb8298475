"""Loops: the work of the step is repeated, turn after turn, until a condition holds. PURE."""

from __future__ import annotations

from designer.document.graph import Step
from runs.machine.steps import maps
from runs.machine.steps.kinds import Rules
from runs.machine.steps.kinds.map import resume
from runs.machine.transition import Transition


def begin(transition: Transition, step: Step) -> None:
    transition.emit("step.started", step.name, attempt=1, data={"items": 0, "queued": 0})
    maps.go_on(transition, step)


RULES = Rules(begin, resume)

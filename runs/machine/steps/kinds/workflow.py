"""Runs of other workflows: the step starts one and, unless it is detached, waits for its end. PURE."""

from __future__ import annotations

from functools import partial

from designer.document.graph import Step
from runs.machine.steps import completion, started_runs
from runs.machine.steps.kinds import Rules
from runs.machine.transition import Transition


def begin(transition: Transition, step: Step) -> None:
    started_runs.begin(transition, step, step.name, partial(completion.fail, transition, step.name))


RULES = Rules(begin)

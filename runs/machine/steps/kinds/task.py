"""Tasks: one call of a worker. PURE."""

from __future__ import annotations

from designer.document.graph import Step
from runs.machine.steps.kinds import Rules
from runs.machine.transition import Transition


def begin(transition: Transition, step: Step) -> None:
    transition.queue(step.name)


def resume(transition: Transition, step: Step, key: str) -> bool:
    """A task that failed in its guard, before its first attempt, begins anew."""
    has_attempts = transition.step(key).attempt > 0
    if has_attempts:
        transition.queue_again(key)
    return has_attempts


RULES = Rules(begin, resume)

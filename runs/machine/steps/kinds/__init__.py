"""A module for each kind of step: how it begins and how it is resumed. PURE.

A module has the name of its kind in `designer.document.kinds` and defines `RULES`. Between the beginning and
the end of a step, the modules of `runs.machine.steps` handle its events.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from designer.document.graph import Step
from runs.machine.steps import waits
from runs.machine.transition import Transition


def _has_nothing_to_resume(transition: Transition, step: Step, key: str) -> bool:
    return False


def _has_timed_out(transition: Transition, step: Step) -> None:
    waits.time_out(transition, step.name)


@dataclass(frozen=True)
class Rules:
    """`begin(transition, step)` starts a ready step; if it raises ExpressionError, the step fails.

    `resume(transition, step, key)` continues a failed step, or its item `key`, that an operator has tried
    again. It returns False if there is nothing to continue; then the step begins anew.
    `expire(transition, step)` ends the waiting of a step that is due.
    """

    begin: Callable[[Transition, Step], None]
    resume: Callable[[Transition, Step, str], bool] = _has_nothing_to_resume
    expire: Callable[[Transition, Step], None] = _has_timed_out

"""A module for each kind of step: how it begins, and how it is tried again. PURE.

The module has the name of the kind in `designer.document.kinds` and says its `RULES`; what happens
between the beginning and the end is told to the modules of `runs.machine.steps` by events.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from designer.document.graph import Step
from runs.machine.transition import Transition


def _has_nothing_to_resume(transition: Transition, step: Step, key: str) -> bool:
    return False


@dataclass(frozen=True)
class Rules:
    """`begin` starts a ready step; an `ExpressionError` of it fails the step.

    `resume` goes on with a failed step, or with the item `key` of it, that a person has tried again. It
    says whether there was something to go on with; where not, the step begins as if it were new.
    """

    begin: Callable[[Transition, Step], None]
    resume: Callable[[Transition, Step, str], bool] = _has_nothing_to_resume

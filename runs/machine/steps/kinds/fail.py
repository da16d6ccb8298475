"""Fail: a failure on purpose, with a code for error edges and a message for people. PURE."""

from __future__ import annotations

from designer.document.graph import Step
from runs.machine.bindings import text_of
from runs.machine.steps import completion
from runs.machine.steps.kinds import Rules
from runs.machine.transition import Transition
from workers.sdk.outcome import Failure


def begin(transition: Transition, step: Step) -> None:
    message = text_of(transition.graph, transition.state, step.name, step.message)
    completion.fail(transition, step.name, Failure(step.code, message or f"{step.name} fails on purpose."))


RULES = Rules(begin)

"""Approvals: the step waits for a person to approve or reject. PURE."""

from __future__ import annotations

import json

from designer.document.graph import Step
from designer.document.limits import TEXT_LENGTH_MAX
from designer.expressions.expressions import resolve
from runs.machine.bindings import bindings_at
from runs.machine.steps import waits
from runs.machine.steps.kinds import Rules
from runs.machine.transition import Transition


def begin(transition: Transition, step: Step) -> None:
    data = {"for": "approval", "message": _message(transition, step) or step.title}
    waits.wait(transition, step, data | waits.time_limit(transition, step))


def _message(transition: Transition, step: Step) -> str:
    """Returns what the approver reads; a value that is no text as JSON. Raises ExpressionError."""
    if not step.message:
        return ""
    value = resolve(step.message, bindings_at(transition.graph, transition.state, step.name))
    message = (
        value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    )
    return message if len(message) <= TEXT_LENGTH_MAX else f"{message[: TEXT_LENGTH_MAX - 1]}…"


RULES = Rules(begin)

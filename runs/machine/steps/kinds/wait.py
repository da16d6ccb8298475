"""Waits for some seconds, until a time, or for a signal. PURE."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from designer.document.graph import Step
from designer.errors import ExpressionError
from designer.expressions.expressions import resolve
from designer.problems import truncate
from runs.machine.bindings import bindings_at
from runs.machine.errors import BadValue
from runs.machine.limits import WAIT_S_MAX
from runs.machine.steps import completion, waits
from runs.machine.steps.kinds import Rules
from runs.machine.transition import Transition


def begin(transition: Transition, step: Step) -> None:
    if step.signal is not None:
        return _wait_for_signal(transition, step, step.signal)
    until = _wait_until(transition, step)
    if until <= transition.at:
        return completion.complete(transition, step.name)
    waits.wait(transition, step, {"for": "time", "until": until.isoformat()})
    return None


def _wait_until(transition: Transition, step: Step) -> datetime:
    """Returns the end of a wait. Raises BadValue if it is so far ahead that a database might not store it."""
    bindings, at = bindings_at(transition.graph, transition.state, step.name), transition.at
    if step.seconds is None:
        until = _parse_time(resolve(step.until, bindings), step)
        _check_length(step, "until", (until - at).total_seconds())
        return until
    seconds = resolve(step.seconds, bindings)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ExpressionError(f"seconds of {step.name} is {truncate(seconds)}, not a number")
    _check_length(step, "seconds", seconds)
    return at + timedelta(seconds=max(seconds, 0))


def _check_length(step: Step, field: str, seconds: float) -> None:
    if not seconds <= WAIT_S_MAX:
        years = WAIT_S_MAX // (366 * 86_400)
        raise BadValue(
            f"{field} of {step.name} lies {seconds:,.0f} seconds ahead; the limit is {years} years"
        )


def _parse_time(value: Any, step: Step) -> datetime:
    try:
        until = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ExpressionError(f"until of {step.name} is not an ISO 8601 time: {truncate(value)}") from error
    if until.tzinfo is None:
        raise BadValue(
            f"until of {step.name} is {truncate(value)}, which has no zone; give one, as 2026-01-31T09:00:00Z"
        )
    return until


def _wait_for_signal(transition: Transition, step: Step, name: str) -> None:
    received = transition.run.signals.get(name, ())
    if received:
        return completion.complete(transition, step.name, transition.state.payload(received[0]), signal=name)
    waits.wait(transition, step, {"for": "signal", "signal": name} | waits.time_limit(transition, step))
    return None


RULES = Rules(begin)

"""Waits for some seconds, until a time, for a signal, for an event, or for the first of several. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from designer.document.graph import Step
from designer.document.waits import Part, parts_of
from designer.errors import ExpressionError
from designer.expressions.expressions import bare, compile_expression, resolve
from designer.expressions.matching import key_of, lookup_of
from designer.problems import truncate
from runs.machine.bindings import bindings_at
from runs.machine.errors import BadValue
from runs.machine.limits import WAIT_S_MAX
from runs.machine.steps import completion, waits
from runs.machine.steps.kinds import Rules
from runs.machine.transition import Transition


def begin(transition: Transition, step: Step) -> None:
    if step.any_of is not None:
        return _begin_any(transition, step)
    if step.signal is not None:
        seq = waits.kept_signal(transition, step.signal)
        if seq is not None:
            return waits.take(transition, step, 0, transition.state.payload(seq), signal=step.signal)
        data: dict[str, Any] = {"for": "signal", "signal": step.signal}
        return waits.wait(transition, step, data | waits.time_limit(transition, step))
    bindings = bindings_at(transition.graph, transition.state, step.name)
    if step.event is not None:
        wants = [_want(part, 0, bindings) for part in parts_of(step)]
        data = {"for": "event", "event": step.event, "wants": wants}
        return waits.wait(transition, step, data | waits.time_limit(transition, step))
    until = _wait_until(transition, step, bindings)
    if until <= transition.at:
        return completion.complete(transition, step.name)
    return waits.wait(transition, step, {"for": "time", "until": until.isoformat()})


def _begin_any(transition: Transition, step: Step) -> None:
    """Begins to wait for each of the parts; the first that is there already completes the step."""
    bindings = bindings_at(transition.graph, transition.state, step.name)
    wants, times = [], {}
    parts = step.any_of or ()
    for index, part in enumerate(parts):
        if part.get("event") is not None:
            wants.append(_want(part, index, bindings))
        elif part.get("signal") is None:
            times[index] = _part_until(transition, step, part, bindings)
    for index, part in enumerate(parts):
        seq = waits.kept_signal(transition, part["signal"]) if part.get("signal") is not None else None
        if seq is not None:
            payload = transition.state.payload(seq)
            return waits.take(transition, step, index, payload, signal=part["signal"])
        if index in times and times[index] <= transition.at:
            return waits.take(transition, step, index)
    limit = waits.time_limit(transition, step)
    ends = [at.isoformat() for at in times.values()] + list(limit.values())
    data: dict[str, Any] = {"for": "any", "wants": wants} if wants else {"for": "any"}
    data["times"] = {str(index): at.isoformat() for index, at in times.items()}
    signals = [part["signal"] for part in parts if part.get("signal") is not None]
    data |= {"signals": signals} if signals else {}
    soonest = {"until": min(ends, key=datetime.fromisoformat)} if ends else {}
    return waits.wait(transition, step, data | soonest)


def _want(part: Part, index: int, bindings: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what is waited for, and by which value it can be looked up. Raises ExpressionError."""
    want: dict[str, Any] = {"event": part["event"], "part": index}
    lookup = None if part.get("match") is None else lookup_of(bare(part["match"]))
    if lookup is not None:
        value = compile_expression(lookup.source).evaluate(bindings)
        key = key_of(lookup.path, value)
        want |= {} if key is None else {"path": lookup.path, "value": value}
    return want


def _part_until(transition: Transition, step: Step, part: Part, bindings: Mapping[str, Any]) -> datetime:
    if part.get("until") is not None:
        until = _parse_time(resolve(part["until"], bindings), step)
        _check_length(step, "until", (until - transition.at).total_seconds())
        return until
    return transition.at + _seconds(step, "timeout", resolve(part["timeout"], bindings))


def _wait_until(transition: Transition, step: Step, bindings: Mapping[str, Any]) -> datetime:
    """Returns the end of a wait. Raises BadValue if it is so far ahead that a database might not store it."""
    if step.seconds is None:
        return _part_until(transition, step, {"until": step.until}, bindings)
    return transition.at + _seconds(step, "seconds", resolve(step.seconds, bindings))


def _seconds(step: Step, field: str, seconds: Any) -> timedelta:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ExpressionError(f"{field} of {step.name} is {truncate(seconds)}, not a number")
    _check_length(step, field, seconds)
    return timedelta(seconds=max(seconds, 0))


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


def expire(transition: Transition, step: Step) -> None:
    """A time completes; what has not come in time fails the step."""
    waiting = transition.step(step.name).waits or {}
    if waiting.get("for") == "time":
        return completion.complete(transition, step.name)
    index = waits.first_time(waiting, transition.at)
    if index is not None:
        return waits.take(transition, step, index)
    return waits.time_out(transition, step.name)


RULES = Rules(begin, expire=expire)

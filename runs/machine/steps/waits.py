"""Steps that hold no worker: waits for a time or a signal, and approvals. PURE."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from designer.document.graph import Step
from designer.errors import ExpressionError
from designer.expressions.expressions import resolve
from runs.machine.bindings import scope_at
from runs.machine.steps import completion
from runs.machine.transition import Turn
from workers.sdk.outcome import Failure

WAIT_S_MAX = 10 * 366 * 86_400


def begin_wait(turn: Turn, step: Step) -> None:
    if step.signal is not None:
        return _wait_for_signal(turn, step, step.signal)
    until = _wait_until(turn, step)
    if until <= turn.at:
        return completion.complete(turn, step.name)
    _wait(turn, step, {"for": "time", "until": until.isoformat()})
    return None


def _wait_until(turn: Turn, step: Step) -> datetime:
    scope = scope_at(turn.graph, turn.state, step.name)
    if step.seconds is not None:
        seconds = resolve(step.seconds, scope)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise ExpressionError(f"seconds of {step.name} is not a number")
        return turn.at + timedelta(seconds=min(max(seconds, 0), WAIT_S_MAX))
    return _parse_time(resolve(step.until, scope), step, turn.at)


def _parse_time(value: Any, step: Step, at: datetime) -> datetime:
    try:
        until = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ExpressionError(f"until of {step.name} is not an ISO 8601 time: {value!r}") from error
    return until if until.tzinfo else until.replace(tzinfo=at.tzinfo)


def _wait_for_signal(turn: Turn, step: Step, name: str) -> None:
    kept = turn.run.signals.get(name, ())
    if kept:
        return completion.complete(turn, step.name, turn.state.payload(kept[0]), signal=name)
    _wait(turn, step, {"for": "signal", "signal": name} | _limit(turn, step))
    return None


def begin_approval(turn: Turn, step: Step) -> None:
    _wait(turn, step, {"for": "approval", "message": step.message or step.title} | _limit(turn, step))


def _limit(turn: Turn, step: Step) -> dict[str, str]:
    """A signal or an approval waits for ever unless the step itself states a timeout."""
    if step.timeout is None:
        return {}
    return {"until": (turn.at + timedelta(seconds=step.timeout)).isoformat()}


def _wait(turn: Turn, step: Step, data: dict[str, Any]) -> None:
    turn.emit("step.waiting", step.name, attempt=1, data=data)


def wait_over(turn: Turn, name: str) -> None:
    """The time of a waiting step has come: a timer completes, anything else has timed out."""
    waits = turn.step(name).waits or {}
    if waits.get("for") == "time":
        completion.complete(turn, name)
    else:
        completion.fail(turn, name, Failure("timeout", f"{name} waited for its {waits.get('for')} in vain"))

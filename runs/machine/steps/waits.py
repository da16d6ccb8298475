"""Steps that hold no worker: waits for a time or a signal, and approvals. PURE."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from designer.document.graph import Step
from designer.errors import ExpressionError
from designer.expressions.expressions import resolve
from runs.machine.bindings import bindings_at
from runs.machine.steps import completion
from runs.machine.transition import Transition
from workers.sdk.outcome import Failure

WAIT_S_MAX = 10 * 366 * 86_400


def begin_wait(transition: Transition, step: Step) -> None:
    if step.signal is not None:
        return _wait_for_signal(transition, step, step.signal)
    until = _wait_until(transition, step)
    if until <= transition.at:
        return completion.complete(transition, step.name)
    _wait(transition, step, {"for": "time", "until": until.isoformat()})
    return None


def _wait_until(transition: Transition, step: Step) -> datetime:
    bindings = bindings_at(transition.graph, transition.state, step.name)
    if step.seconds is not None:
        seconds = resolve(step.seconds, bindings)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise ExpressionError(f"seconds of {step.name} is not a number")
        return transition.at + timedelta(seconds=min(max(seconds, 0), WAIT_S_MAX))
    return _parse_time(resolve(step.until, bindings), step, transition.at)


def _parse_time(value: Any, step: Step, at: datetime) -> datetime:
    try:
        until = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ExpressionError(f"until of {step.name} is not an ISO 8601 time: {value!r}") from error
    return until if until.tzinfo else until.replace(tzinfo=at.tzinfo)


def _wait_for_signal(transition: Transition, step: Step, name: str) -> None:
    kept = transition.run.signals.get(name, ())
    if kept:
        return completion.complete(transition, step.name, transition.state.payload(kept[0]), signal=name)
    _wait(transition, step, {"for": "signal", "signal": name} | _limit(transition, step))
    return None


def begin_approval(transition: Transition, step: Step) -> None:
    _wait(
        transition,
        step,
        {"for": "approval", "message": step.message or step.title} | _limit(transition, step),
    )


def _limit(transition: Transition, step: Step) -> dict[str, str]:
    """A signal or an approval waits for ever unless the step itself states a timeout."""
    if step.timeout is None:
        return {}
    return {"until": (transition.at + timedelta(seconds=step.timeout)).isoformat()}


def _wait(transition: Transition, step: Step, data: dict[str, Any]) -> None:
    transition.emit("step.waiting", step.name, attempt=1, data=data)


def wait_over(transition: Transition, name: str) -> None:
    """The time of a waiting step has come: a timer completes, anything else has timed out."""
    waits = transition.step(name).waits or {}
    if waits.get("for") == "time":
        completion.complete(transition, name)
    else:
        completion.fail(
            transition, name, Failure("timeout", f"{name} waited for its {waits.get('for')} in vain")
        )

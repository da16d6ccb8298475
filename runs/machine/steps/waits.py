"""Steps that wait without a worker process: the beginning and the end of the waiting. PURE."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from designer.document.graph import Step
from runs.machine.steps import completion
from runs.machine.transition import Transition
from workers.sdk.outcome import Failure


def wait(transition: Transition, step: Step, data: dict[str, Any]) -> None:
    transition.emit("step.waiting", step.name, attempt=1, data=data)


def time_limit(transition: Transition, step: Step) -> dict[str, str]:
    """Returns the `until` of a wait for a signal or an approval; {} without a timeout: it waits for ever."""
    if step.timeout is None:
        return {}
    return {"until": (transition.at + timedelta(seconds=step.timeout)).isoformat()}


def wait_over(transition: Transition, name: str) -> None:
    """Ends the waiting of a step that is due: a timer completes, everything else has timed out."""
    waits = transition.step(name).waits or {}
    if waits.get("for") == "time":
        completion.complete(transition, name)
    else:
        completion.fail(
            transition, name, Failure("timeout", f"{name} waited for its {waits.get('for')} in vain")
        )

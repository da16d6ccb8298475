"""Steps that wait without a worker process: the beginning and the end of the waiting. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from designer.document.graph import Graph, Step
from designer.document.waits import PART_KINDS, events_of, parts_of
from designer.errors import ExpressionError
from designer.expressions.expressions import bare, condition
from runs.machine.bindings import bindings_at
from runs.machine.errors import Stale
from runs.machine.events import TakeEvent
from runs.machine.states import State, StepStatus
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


def time_out(transition: Transition, name: str) -> None:
    """Fails a step that has waited for something in vain."""
    waits_for = (transition.step(name).waits or {}).get("for")
    what = "the first of several" if waits_for == "any" else f"its {waits_for}"
    completion.fail(transition, name, Failure("timeout", f"{name} waited for {what} in vain"))


def take(transition: Transition, step: Step, index: int, payload: Any = None, **data: Any) -> None:
    """Completes a step with what its part `index` waited for; the other parts wait no more."""
    if step.any_of is None:
        return completion.complete(transition, step.name, payload, **data)
    part = step.any_of[index]
    by = next(kind for kind in PART_KINDS if part.get(kind) is not None)
    output = {"by": by, "index": index, "name": part.get("name"), "output": payload}
    return completion.complete(transition, step.name, output, **data)


def kept_signal(transition: Transition, name: str) -> int | None:
    """Returns the entry of the oldest signal of that name that no step has taken."""
    received = transition.run.signals.get(name, ())
    return received[0] if received else None


def signals_in(waiting: Mapping[str, Any] | None) -> list[str]:
    """Returns the signals that a step waits for now."""
    found = waiting or {}
    return [found["signal"]] if "signal" in found else list(found.get("signals", ()))


def take_signal(transition: Transition, name: str, signal: str, payload: Any) -> None:
    step = transition.definition(name)
    index = next(place for place, part in enumerate(parts_of(step)) if part.get("signal") == signal)
    take(transition, step, index, payload)


def first_time(waiting: Mapping[str, Any], at: datetime) -> int | None:
    """Returns the part of a wait for the first of several whose time has come, the earliest of them."""
    due = [(until, index) for until, index in _times(waiting) if until <= at]
    return min(due)[1] if due else None


def next_time(waiting: Mapping[str, Any]) -> int:
    """Returns the part of a wait for the first of several whose time is the next."""
    return min(_times(waiting))[1]


def _times(waiting: Mapping[str, Any]) -> list[tuple[datetime, int]]:
    return [(datetime.fromisoformat(until), int(index)) for index, until in waiting.get("times", {}).items()]


# --- events ---


def takers(graph: Graph, state: State, key: str, event: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Returns the steps that wait for an event and that it fits, each with the part that waits for it."""
    if state.run.phase != "forward" or key in state.run.events:
        return []
    waiting = [step for step in graph.steps if event.get("type") in events_of(step)]
    states = state.steps_named([step.name for step in waiting])
    found = []
    for step in waiting:
        if states[step.name].status == StepStatus.WAITING:
            index = _fitting(graph, state, step, event)
            found += [] if index is None else [(step.name, index)]
    return found


def _fitting(graph: Graph, state: State, step: Step, event: Mapping[str, Any]) -> int | None:
    """Returns the first part that the event fits. A condition that cannot be evaluated does not fit."""
    for index, part in enumerate(parts_of(step)):
        if part.get("event") != event["type"]:
            continue
        if part.get("match") is None:
            return index
        try:
            if condition(bare(part["match"]), bindings_at(graph, state, step.name) | {"event": event}):
                return index
        except ExpressionError:
            continue
    return None


def take_event(transition: Transition, taken: TakeEvent) -> None:
    """An event completes every step that waits for it and that it fits. A run takes it once."""
    found = takers(transition.graph, transition.state, taken.key, taken.event)
    if not found:
        raise Stale(f"no step waits for the event {taken.key}")
    known = {name: taken.event.get(name) for name in ("type", "source", "id")}
    transition.emit("event.received", found[0][0], data=known | {"key": taken.key})
    for name, index in found:
        if transition.step(name).status == StepStatus.WAITING:  # the step before it may have ended the run
            take(transition, transition.definition(name), index, taken.event.get("data"))

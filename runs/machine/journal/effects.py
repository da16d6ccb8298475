"""The table of what each type of entry changes, and how an effect changes a state. PURE."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from runs.machine.events import Entry
from runs.machine.states import State, StepState, evolve

Effect = Callable[[State, Entry], None]
EFFECTS: dict[str, Effect] = {}


def effect(*types: str) -> Callable[[Effect], Effect]:
    def register(function: Effect) -> Effect:
        EFFECTS.update(dict.fromkeys(types, function))
        return function

    return register


def change(state: State, name: str, **fields: Any) -> StepState:
    step = evolve(state.step(name), **fields)
    state.put(step)
    return step


def time_of(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None

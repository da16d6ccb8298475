"""The table of effects by type of entry. PURE."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from runs.machine.events import Entry
from runs.machine.states import State

Effect = Callable[[State, Entry], None]
EFFECTS: dict[str, Effect] = {}


def effect(*types: str) -> Callable[[Effect], Effect]:
    """Registers a function as the effect of entries of these types."""

    def register(function: Effect) -> Effect:
        EFFECTS.update(dict.fromkeys(types, function))
        return function

    return register


def time_of(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None

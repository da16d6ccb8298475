"""The machine's states as JSON and back. Fields with their default value are left out.

Thus a new field needs no migration, and rows stay small. A field that this code does not know was written by
newer code: it is refused, as dropping it would lose state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

from runs.errors import NewerState
from runs.machine.states import RunState, RunStatus, StepState, StepStatus, UndoStatus, lean

T = TypeVar("T", RunState, StepState)
DEFAULTS: dict[type, dict[str, Any]] = {
    kind: {
        spec.name: spec.default_factory() if callable(spec.default_factory) else spec.default
        for spec in fields(kind)
    }
    for kind in (RunState, StepState)
}
ENUMS: dict[str, type[Enum]] = {"final": RunStatus, "status": StepStatus, "undo": UndoStatus}


def pack(state: RunState | StepState, skip: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The fields of a state, for orjson, without those named in `skip`."""
    defaults = DEFAULTS[type(state)]
    return {
        name: value
        for name, value in vars(state).items()
        if value is not defaults[name] and value != defaults[name] and name not in skip
    }


def unpack(kind: type[T], data: Mapping[str, Any], **more: Any) -> T:
    """The state that `pack` was given; `more` holds the skipped fields.

    Raises NewerState if the data has a field or a status that this version of the code does not know.
    """
    unknown = data.keys() - DEFAULTS[kind].keys()
    if unknown:
        raise NewerState(f"the field {min(unknown)!r} of its {kind.__name__}")
    return lean(kind, **{name: _decode(name, value) for name, value in data.items()}, **more)


def _decode(name: str, value: Any) -> Any:
    if name.endswith("_at"):
        return datetime.fromisoformat(value)
    if name == "signals":
        return {key: tuple(seqs) for key, seqs in value.items()}
    if isinstance(value, list):
        return tuple(value)
    try:
        return ENUMS[name](value) if name in ENUMS else value
    except ValueError as error:
        raise NewerState(f"the {name} {value!r}") from error

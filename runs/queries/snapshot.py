"""A run's state as a page starts from it, equal to what replaying its journal in the browser gives. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from config.lib.json import iso
from runs.machine.events import Entry
from runs.machine.states import State, StepState, UndoStatus

Json = dict[str, Any]
Range = tuple[str, int, int]  # a status, and the first and the last index of neighbours that have it
ROUTES = ("taken", "dead", "caught")
"""Fields of the entry that ends a step which say what became of its edges."""


def snapshot(
    state: State, plans: Iterable[list[str]], routes: Mapping[str, Json] = MappingProxyType({})
) -> Json:
    """Returns the state of the run and of its stored steps; a step that is left out is in its initial state.

    `plans`: the names in each `run.compensating` entry, oldest first. `routes`: by step, its `routes_of`.
    """
    steps = state.steps()
    items: dict[str, list[StepState]] = {}
    for step in steps.values():
        if step.map_name:
            items.setdefault(step.map_name, []).append(step)
    places = _undo_places(plans)
    return {
        "seq": state.run.last_seq,
        "status": state.run.status.value,
        "started_at": iso(state.run.started_at),
        "finished_at": iso(state.run.finished_at),
        "error": without_traceback(state.run.error),
        "reason": state.run.reason,
        "paused": state.run.paused_at is not None,
        "asked": {step.name: _asked(step) for step in steps.values() if step.intervention is not None},
        "steps": {
            step.name: _step(step, items.get(step.name, []), places.get(step.name))
            | ({"routes": routes[step.name]} if step.name in routes else {})
            for step in steps.values()
            if not step.map_name
        },
    }


def replayed_snapshot(state: State, entries: Sequence[Entry]) -> Json:
    """Returns the snapshot of a state to which these entries, all of a run, have led."""
    plans = [entry.data["plan"] for entry in entries if entry.type == "run.compensating"]
    routes = {entry.step: found for entry in entries if (found := routes_of(entry.data))}
    return snapshot(state, plans, routes)


def without_traceback(error: Mapping[str, Any] | None) -> Json | None:
    """Returns an error without its traceback, which operators see on demand only."""
    return None if error is None else {key: value for key, value in error.items() if key != "traceback"}


def routes_of(data: Mapping[str, Any]) -> Json:
    """Returns what the data of an entry that ends a step says of its edges; {} if it says nothing."""
    return {key: data[key] for key in ROUTES if key in data} if "taken" in data or "dead" in data else {}


def _asked(step: StepState) -> Json:
    """Returns what an open intervention asks; `about_run`: whether the run as a whole is to be undone."""
    return {"undo": step.undo == UndoStatus.FAILED, "about_run": step.about != ""}


def _step(step: StepState, items: list[StepState], place: int | None) -> Json:
    fields = {
        "status": step.status.value,
        "undo": step.undo.value,
        "undo_place": place,
        "direction": step.phase,
        "attempt": step.attempt,
        "undo_attempt": step.undo_attempt,
        "started_at": iso(step.started_at),
        "finished_at": iso(step.finished_at),
        "due_at": iso(step.due_at),
        "waits": step.waits,
        "error": without_traceback(step.error),
        "added_by": step.added_by,
    }
    if step.items_total is not None:
        items.sort(key=lambda item: item.index)
        fields["items"] = {
            "total": step.items_total,
            "status": _ranges([(item.status.value, item.index) for item in items]),
            "undo": _ranges([(item.undo.value, item.index) for item in items]),
        }
    return {key: value for key, value in fields.items() if value is not None}


def _ranges(statuses: list[tuple[str, int]]) -> list[Range]:
    """Merges neighbours of the same status; `statuses` is sorted by index."""
    ranges: list[Range] = []
    for status, index in statuses:
        if ranges and ranges[-1][0] == status and ranges[-1][2] == index - 1:
            ranges[-1] = (status, ranges[-1][1], index)
        else:
            ranges.append((status, index, index))
    return ranges


def _undo_places(plans: Iterable[list[str]]) -> dict[str, int]:
    """Returns each step's place in the latest plan that has it, from 1; the items of a map count as one."""
    places: dict[str, int] = {}
    for plan in plans:
        names = dict.fromkeys(name.partition("[")[0] for name in plan)
        places |= {name: place for place, name in enumerate(names, 1)}
    return places

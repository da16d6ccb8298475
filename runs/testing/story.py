"""The story of a played run: its entries as lines for people. PURE."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from runs.explorer.world import START
from runs.machine.events import Entry
from runs.testing.mocks import place_of
from runs.testing.play import Play

LINES_MAX = 200
VALUE_CHARS_MAX = 120
SILENT = frozenset({"run.created", "step.queued", "step.progress", "run.resumed"})


def story_of(play: Play) -> list[str]:
    """Returns a line for each entry that tells something, with its virtual time."""
    told = [line for path, entry in play.entries() if (line := _line(path, entry))]
    if len(told) <= LINES_MAX:
        return told
    half = LINES_MAX // 2
    return [*told[:half], f"… {len(told) - LINES_MAX:,} lines left out …", *told[-half:]]


def _line(path: str, entry: Entry) -> str:
    if entry.type in SILENT:
        return ""
    seconds = (entry.at - START).total_seconds()
    what = place_of(path, entry.step) if entry.step else (place_of(path, "").rstrip("/") or "run")
    details = " ".join(_details(entry))
    return f"{seconds:>8g} s  {entry.type:<28} {what}{f'  {details}' if details else ''}"


def _details(entry: Entry) -> Iterator[str]:
    data = entry.data
    error = data.get("error")
    if isinstance(error, dict) and error.get("code"):
        yield f"{error['code']}: {_cut(str(error.get('message', '')))}"
    if entry.attempt > 1:
        yield f"(attempt {entry.attempt})"
    for name in ("reason", "undo", "answer", "name"):
        if isinstance(data.get(name), str):
            yield f"{name} {_cut(data[name])}"
    if entry.type == "step.completed" and entry.payload is not None:
        yield f"gives {_value(entry.payload)}"
    if data.get("taken"):
        yield f"→ {', '.join(data['taken'])}"
    if entry.type == "run.compensating":
        yield f"plan [{', '.join(data.get('plan', ()))}]"


def _value(value: Any) -> str:
    return _cut(json.dumps(value, ensure_ascii=False, default=str))


def _cut(text: str) -> str:
    return text if len(text) <= VALUE_CHARS_MAX else f"{text[:VALUE_CHARS_MAX]}…"

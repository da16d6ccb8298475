"""The matrix of a rehearsal as its page shows it: rows of steps, columns of faults, in words. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.rehearsal.faults import FAULT, FAULTS
from workers.rehearsal.job import BAD, VERDICTS

TONES: Mapping[str, str] = {"good": "go", "asks": "care", "waits": "care", "skipped": "idle"}
ICONS: Mapping[str, str] = {"go": "check", "care": "hand", "idle": "skip", "stop": "alert"}
HOW: Mapping[str, str] = {
    "real": "real worker",
    "record": "recorded answer",
    "stub": "stub",
    "": "not known here",
}


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell in words. `tone` and `icon` are those of badges; `details` are lines of label and value."""

    title: str
    sentence: str
    word: str
    tone: str
    icon: str
    end: str
    details: tuple[tuple[str, str], ...]
    is_bad: bool


@dataclass(frozen=True, slots=True)
class ShownRow:
    step: str
    worker: str
    how: str
    undo: str
    examined: str
    examined_tone: str
    cells: tuple[ShownCell | None, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """`base`: the run without a fault; `open`: cells that are still to come."""

    columns: tuple[str, ...]
    rows: tuple[ShownRow, ...]
    base: ShownCell | None
    bad: tuple[tuple[str, ShownCell], ...]
    played: int
    planned: int
    seconds: float
    checks: tuple[str, ...]
    barred: tuple[str, ...]
    undos: int
    bad_undos: tuple[str, ...]


def matrix(content: Mapping[str, Any]) -> Shown:
    """Lays out what a report holds."""
    cells = {(cell["step"], cell["fault"]): shown_cell(cell) for cell in content.get("cells", ())}
    examined = {found["step"]: found for found in content.get("examined", ())}
    rows = tuple(_row(row, cells, examined.get(row["step"])) for row in content.get("rows", ()))
    bad = tuple((step or "Without a fault", cell) for (step, _), cell in cells.items() if cell.is_bad)
    problems = tuple(
        f"{found['undo']} ({found['step']}): {text}"
        for found in examined.values()
        if (text := _problems(found))
    )
    return Shown(
        tuple(fault.title for fault in FAULTS),
        rows,
        cells.get(("", "")),
        bad,
        len(cells),
        content.get("planned", 0),
        round(sum(cell["ms"] for cell in content.get("cells", ())) / 1000, 1),
        tuple(content.get("checks", ())),
        tuple(content.get("barred", ())),
        len(examined),
        problems,
    )


def _row(
    row: Mapping[str, Any], cells: Mapping[tuple[str, str], ShownCell], found: Mapping[str, Any] | None
) -> ShownRow:
    text, tone = "", ""
    if found is not None:
        text, tone = ("not idempotent", "stop") if _problems(found) else ("examined", "go")
    return ShownRow(
        row["step"],
        row["worker"],
        HOW[row["how"]],
        row["undo"],
        text,
        tone,
        tuple(cells.get((row["step"], fault.id)) for fault in FAULTS),
    )


def _problems(found: Mapping[str, Any]) -> str:
    return "; ".join(f"{one['title']}: {one['problem']}" for one in found["findings"] if one["problem"])


def shown_cell(cell: Mapping[str, Any]) -> ShownCell:
    tone = TONES.get(cell["verdict"], "stop")
    fault = FAULT.get(cell["fault"])
    listed = (
        ("undone", " → ".join(cell["undone"])),
        ("left", ", ".join(cell["left"])),
        ("stays by its nature", ", ".join(cell["remains"])),
        ("asks", ", ".join(cell["asks"])),
        ("books", "; ".join(cell["books"])),
        ("outside", "; ".join(cell["outside"])),
        ("took", f"{cell['attempts']} attempts, {_time(cell['virtual_s'])}"),
        ("why", cell["note"] if cell["verdict"] in BAD else ""),
    )
    return ShownCell(
        fault.title if fault else "without a fault",
        fault.sentence.format(step=cell["step"]) if fault else "nothing fails",
        VERDICTS[cell["verdict"]],
        tone,
        ICONS[tone],
        _end(cell),
        tuple((label, value) for label, value in listed if value),
        cell["verdict"] in BAD,
    )


def _end(cell: Mapping[str, Any]) -> str:
    undone = len(cell["undone"])
    return f"{cell['status']}, {undone} undone" if undone else str(cell["status"])


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"

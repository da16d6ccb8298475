"""Figures as a table for a terminal, as JSON, and as Markdown between markers of docs/performance.md."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure

DOC = Path(__file__).parents[2] / "docs" / "performance.md"
MARKS = ("<!-- {} -->", "<!-- end of {} -->")
WORDS = {True: "holds", False: "MISSED", None: ""}


def table(figures: Sequence[Figure]) -> str:
    lines = [
        f"{figure.workload:<11}{figure.what:<48}{shown(figure):>14}  {_bar(figure):<8} {WORDS[figure.holds]}"
        for figure in figures
    ]
    return "\n".join(lines)


def shown(figure: Figure) -> str:
    value = f"{figure.value:,.0f}" if abs(figure.value) >= 100 else f"{figure.value:.3g}"
    return f"{value} {figure.unit}".strip()


def _bar(figure: Figure) -> str:
    return "" if figure.bar is None else str(figure.bar)


def as_json(database: str, figures: Sequence[Figure]) -> dict[str, Any]:
    return {"database": database, "machine": machine(), "figures": [figure.as_json() for figure in figures]}


def machine() -> str:
    return f"{_model()}, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def _model() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    names = re.findall(r"^model name\s*: (.+)$", text, re.M)
    return f"{len(names)} × {names[0]}" if names else platform.machine()


def markdown(database: str, figures: Sequence[Figure]) -> str:
    rows = ["| | what | measured | bar | |", "| --- | --- | ---: | --- | --- |"]
    rows += [
        f"| {figure.workload} | {figure.what} | {shown(figure)} | {_bar(figure)} | {WORDS[figure.holds]} |"
        for figure in figures
    ]
    return "\n".join([f"{machine()}, {database}.", "", *rows])


def write_into_doc(parts: Mapping[str, str], path: Path = DOC) -> None:
    """Replace what stands between each part's markers. Raises KeyError for markers that are missing."""
    text = path.read_text()
    for name, content in parts.items():
        begin, end = (mark.format(name) for mark in MARKS)
        if begin not in text or end not in text:
            raise KeyError(f"{path} lacks the markers of {name!r}")
        head, _, rest = text.partition(begin)
        text = f"{head}{begin}\n{content}\n{end}{rest.partition(end)[2]}"
    path.write_text(text)

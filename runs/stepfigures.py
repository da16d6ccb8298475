"""What became of each step of a version over its ended runs, from the counters that `runs.figures` keeps."""

from __future__ import annotations

from typing import Any

from runs import histogram
from runs.models import StepFigures

Json = dict[str, Any]
COUNTS = ("completed", "failed", "skipped", "retried", "undone", "undo_failed")


def version_figures(version_id: int) -> Json:
    """`steps`: by name, how often each end was come to, and how long a completion took (p50 and p95, in ms).

    Steps that no ended run came to are left out, and so are trials and runs that came as files.
    """
    rows = StepFigures.objects.filter(version=version_id)
    return {"steps": {row.step: _figures(row) for row in rows}}


def _figures(row: StepFigures) -> Json:
    return {name: getattr(row, name) for name in COUNTS} | {
        "p50_ms": _rounded(histogram.percentile(row.durations, 0.5)),
        "p95_ms": _rounded(histogram.percentile(row.durations, 0.95)),
    }


def _rounded(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds)

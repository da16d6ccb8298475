"""The sweep of lines of runs: turns that come by time, and what was lost with a process after a commit."""

from __future__ import annotations

from datetime import datetime

from runs.engine import after_commit, lines
from runs.models import Line

ROWS_PER_PASS = 500


def advance_due(at: datetime) -> int:
    """Begins the runs that the rate of their workflow lets in by now."""
    due = list(
        Line.objects.filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True)[:ROWS_PER_PASS]
    )
    for line in due:
        lines.advance(line, after_commit.begin)
    return len(due)


def advance_all(at: datetime) -> int:
    """Settles places whose run has ended, and cancels runs that were to make room."""
    for line in lines.to_settle():
        lines.advance(line, after_commit.begin)
    for run_id in lines.leaving().values_list("run_id", flat=True)[:ROWS_PER_PASS]:
        after_commit.cancel_leaving(run_id)
    return 0

"""Data of the first page: open interventions, live runs, recent failures, worker processes. Reading only.

Each number is counted in an index and stops at COUNTED_MAX, so that no backlog makes the page slow.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from redis import RedisError

from designer.models import WorkflowVersion
from runs.delivery import queue, worker_processes
from runs.machine.states import RUN_UNDER_WAY, RunStatus
from runs.models import IS_LISTED, Intervention, Run
from runs.queries.steps import listed
from runs.store import reader

INTERVENTIONS_MAX = 5
RECENT_MAX = 10
COUNTED_MAX = 10_000
LATELY = timedelta(days=1)
UNREAD_OF_INTERVENTIONS = ("run__input", "run__state", "run__labels", "run__error")


@dataclass(frozen=True, slots=True)
class Tally:
    """A number of rows; with `is_more` there are more, which were not counted."""

    count: int
    is_more: bool = False

    def __str__(self) -> str:
        return f"{self.count:,}{'+' if self.is_more else ''}"

    def __bool__(self) -> bool:
        return self.count > 0


def overview() -> dict[str, Any]:
    """The context of the first page."""
    under_way = {status: _tally(_real().filter(status=status)) for status in RUN_UNDER_WAY}
    recent = list(listed().filter(IS_LISTED, trial=False, imported__isnull=True)[:RECENT_MAX])
    return {
        "now": reader.now(),
        "interventions": open_interventions(),
        "open_interventions": _tally(Intervention.objects.filter(status="open")),
        "under_way": _sum(under_way.values()),
        "waiting": under_way[RunStatus.WAITING],
        "undoing": under_way[RunStatus.COMPENSATING],
        "failed": _ended_lately("failed"),
        "undone": _ended_lately("compensated"),
        "workers_online": worker_processes.lately_seen().count(),
        "queued": queued(),
        "recent": recent,
        "has_workflow": bool(recent) or WorkflowVersion.objects.exists(),
    }


def open_interventions() -> list[Intervention]:
    """The INTERVENTIONS_MAX interventions that have been open the longest."""
    interventions = (
        Intervention.objects.filter(status="open").select_related("run").defer(*UNREAD_OF_INTERVENTIONS)
    )
    return list(interventions.order_by("opened_at")[:INTERVENTIONS_MAX])


def queued() -> int | None:
    """How many attempts wait in the queues; None if Redis cannot be reached."""
    try:
        return sum(queue.queue_lengths().values())
    except RedisError:
        return None


def _real() -> QuerySet[Run]:
    return Run.objects.filter(IS_LISTED, trial=False, imported__isnull=True).order_by()


def _ended_lately(status: str) -> Tally:
    return _tally(_real().filter(status=status, finished_at__gte=reader.now() - LATELY))


def _tally(rows: QuerySet[Any]) -> Tally:
    count = rows.order_by().values("pk")[: COUNTED_MAX + 1].count()
    return Tally(min(count, COUNTED_MAX), count > COUNTED_MAX)


def _sum(tallies: Collection[Tally]) -> Tally:
    return Tally(sum(tally.count for tally in tallies), any(tally.is_more for tally in tallies))

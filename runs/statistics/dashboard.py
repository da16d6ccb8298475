"""Data of the first page: what waits for people, live runs, recent failures, worker processes. Reading only.

Each number is counted in an index and stops at a maximum, so that no backlog makes the page slow.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from redis import RedisError

from designer.models import WorkflowVersion
from designer.services.folder_rights import seen
from runs.delivery import queue, worker_processes
from runs.machine.states import RUN_UNDER_WAY
from runs.models import IS_LISTED, Run
from runs.queries import inbox
from runs.queries.inbox_rows import rows_of
from runs.queries.steps import listed
from runs.queries.tally import Tally, tally, total
from runs.statistics.failures import failures
from runs.store import reader

WAITING_SHOWN_MAX = 5
RECENT_MAX = 10
LATELY = timedelta(days=1)


def overview(user: Any) -> dict[str, Any]:
    """The context of the first page, as this person sees it."""
    real = seen(_real(), user)
    counts = {status: tally(real.filter(status=status).values("pk")) for status in RUN_UNDER_WAY}
    newest = seen(listed().filter(IS_LISTED, trial=False, imported__isnull=True), user)
    recent = list(newest[:RECENT_MAX])
    since = reader.now() - LATELY
    return {
        "now": reader.now(),
        **waiting(user),
        "under_way": total(counts.values()),
        "by_status": [(status, count) for status, count in counts.items() if count],
        "failed": _ended(real, since, "failed"),
        "undone": _ended(real, since, "compensated"),
        "failures": failures(since, user),
        "workers_online": worker_processes.lately_seen().count(),
        "queued": queued(),
        "recent": recent,
        "has_workflow": bool(recent) or seen(WorkflowVersion.objects.all(), user, "workflow__name").exists(),
    }


def waiting(user: Any) -> dict[str, Any]:
    """Returns what waits for this person, or else for others, and how much does."""
    mine, everything = inbox.count(user), inbox.count_all(user)
    whose: inbox.Whose = "mine" if mine else "all"
    rows = rows_of(user, whose, rows=WAITING_SHOWN_MAX)[0] if everything else []
    return {"rows": rows, "mine": mine, "everything": everything}


def queued() -> int | None:
    """How many attempts wait in the queues; None if Redis cannot be reached."""
    try:
        return sum(queue.queue_lengths().values())
    except RedisError:
        return None


def _real() -> QuerySet[Run]:
    return Run.objects.filter(IS_LISTED, trial=False, imported__isnull=True).order_by()


def _ended(runs: QuerySet[Run], since: Any, status: str) -> Tally:
    return tally(runs.filter(status=status, finished_at__gte=since).values("pk"))

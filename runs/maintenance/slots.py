"""The sweep of named limits: offers that nobody has taken, slots that come free by time, and lost offers."""

from __future__ import annotations

from datetime import datetime

from designer.models import Limit
from runs.delivery import queue
from runs.engine import slots as engine_slots
from runs.store import slots
from runs.store.database import database


def tend_due(at: datetime) -> int:
    """Looks at the limits that are due. Returns how many."""
    names = list(Limit.objects.filter(due_at__lte=at).values_list("name", flat=True))
    for name in names:
        tend(name, at)
    return len(names)


def tend_all(at: datetime) -> int:
    """Repeats offers that were lost with a process, and frees slots that no unit of work has freed."""
    db = database()
    for name in slots.limit_names(db):
        slots.free_left_behind(db, name, at)
        if slots.waits(db, name):
            tend(name, at)
    return 0


def tend(name: str, at: datetime) -> None:
    db = database()
    lapsed = slots.lapsed(db, name, at)
    jobs = {queue.job_id(one.run_id, one.step, one.lease): key for key, one in lapsed}
    queued = queue.queued_ids({one.queue for _, one in lapsed}) if lapsed else set()
    passed_over = [key for job, key in jobs.items() if job in queued]
    lost = [key for job, key in jobs.items() if job not in queued]
    slots.settle_lapsed(db, at, passed_over, lost)
    engine_slots.offer([name], even_if_none_waits=True)

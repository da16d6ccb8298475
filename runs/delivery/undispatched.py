"""Work while Redis takes no jobs: queued attempts are found in the database, where they are anyway.

A full Redis still answers and still gives out the jobs that it has, but takes no new ones. Until it does,
worker processes ask here for attempts, when they have nothing else to do.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

from django.db.models import Q

from runs.delivery.queue import job_id
from runs.machine.states import StepStatus, UndoStatus
from runs.models import StepRun

LOOKED_AT = 50  # rows; worker processes choose at random, so that they seldom try for the same


def undispatched(queues: Sequence[str], tried: Collection[str] = ()) -> str | None:
    """The id of a job that would dispatch a queued attempt of these queues, but none of `tried`."""
    is_queued = Q(status=StepStatus.QUEUED) | Q(undo=UndoStatus.PENDING)
    rows = StepRun.objects.filter(is_queued, queue__in=queues, due_at__isnull=False).order_by("due_at")
    found = rows.values_list("run_id", "name", "lease")[:LOOKED_AT]
    ids = [job_id(run_id, name, lease + 1) for run_id, name, lease in found]
    untried = [one for one in ids if one not in tried]
    return random.choice(untried) if untried else None  # noqa: S311

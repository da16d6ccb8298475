"""Removes runs that ended long ago, whole families at a time: a run with all runs that it started.

Trials may go earlier than other runs, and take the drafts that were kept for them along.

Batches are small and have a transaction of their own each, so that nobody waits long. What is not ended, or
belongs to something that is not, stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from designer.models import TRIAL_NUMBER, WorkflowVersion
from runs import store
from runs.machine.states import RUN_ENDED
from runs.models import Run

FAMILIES_PER_BATCH = 100
DRAFTS_PER_BATCH = 500
ENTRIES_PER_BATCH = 5_000  # a family is never split, so one that is larger is a batch by itself

Place = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Batch:
    """How many runs a batch removed, and where the next one begins; None when all are looked at."""

    removed: int
    next: Place | None


def prune_once(days: float, after: Place | None = None, *, trials_only: bool = False) -> Batch:
    """Looks at one batch of the runs that ended more than `days` days ago."""
    before = store.now() - timedelta(days=days)
    removed, entries, place = 0, 0, None
    for root, created_at, last_seq in _candidates(before, after, trials_only):
        if entries and entries + last_seq > ENTRIES_PER_BATCH:
            return Batch(removed, place)
        removed += _remove_family(root, before)
        entries += last_seq
        place = created_at, root
    if place is None:
        _remove_tried_drafts(before)
    return Batch(removed, place)


def _remove_tried_drafts(before: datetime) -> None:
    """What was kept for trials whose runs are gone."""
    left = WorkflowVersion.every.filter(number=TRIAL_NUMBER, runs=None, published_at__lt=before)
    WorkflowVersion.every.filter(pk__in=list(left.values_list("pk", flat=True)[:DRAFTS_PER_BATCH])).delete()


def _candidates(before: datetime, after: Place | None, trials_only: bool) -> list[tuple[UUID, datetime, int]]:
    roots = Run.objects.filter(parent=None, status__in=RUN_ENDED, created_at__lt=before)
    if trials_only:
        roots = roots.filter(trial=True)
    if after is not None:
        created_at, run_id = after
        roots = roots.filter(Q(created_at__gt=created_at) | Q(created_at=created_at, pk__gt=run_id))
    rows = roots.order_by("created_at", "pk").values_list("pk", "created_at", "last_seq")
    return list(rows[:FAMILIES_PER_BATCH])


def _remove_family(root: UUID, before: datetime) -> int:
    """Returns how many runs were removed; none where one of them is needed still."""
    with transaction.atomic():
        family = {root}
        generation: Iterable[UUID] = family
        while generation := list(Run.objects.filter(parent__in=generation).values_list("pk", flat=True)):
            family |= set(generation)
        locked = Run.objects.select_for_update().filter(pk__in=family).order_by("pk")
        facts = locked.values_list("status", "finished_at")
        if any(status not in RUN_ENDED or not ended or ended >= before for status, ended in facts):
            return 0
        Run.objects.filter(pk__in=family).delete()
        return len(family)

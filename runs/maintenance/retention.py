"""Removes runs that ended long ago, by whole families: a run with all runs that it started.

Trials may go earlier than other runs, and the drafts that were kept for them go along. Imported runs stay
until somebody removes them. A family stays while any member is under way, or ended lately.

A family may be large, so it is removed in steps of one short transaction each. First its root is marked with
`pruned_at`, which hides it and frees its idempotency key; then its children are marked; then rows are deleted
from the leaves up. The marks are the only state: any process can continue a removal that another one began.
"""

from __future__ import annotations

from collections.abc import Iterable, Sized
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from designer.models import TRIAL_NUMBER, WorkflowVersion
from runs.machine.states import RUN_ENDED
from runs.models import Run
from runs.store import reader

FAMILIES_PER_STEP = 100
DRAFTS_PER_STEP = 500
RUNS_PER_STEP = 500
ROWS_PER_STEP = 5_000  # of journals, steps and all other parts of runs

Place = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Pruned:
    """The result of one step. `place`: where the search for old families continues; `is_done`: it is over."""

    removed: int
    place: Place | None
    is_done: bool = False


def prune_step(days: float | None, place: Place | None = None, *, trials_only: bool = False) -> Pruned:
    """One step of at most a few short transactions: continues a removal, else searches for old families.

    The search covers families that ended more than `days` days ago; with None nothing new is begun.
    """
    children = Run.objects.filter(parent__pruned_at__isnull=False, status__in=RUN_ENDED)
    if _mark(children.values("pk")[:RUNS_PER_STEP]):
        return Pruned(0, place)
    removed = _remove_rows()
    if removed is not None:
        return Pruned(removed, place)
    if days is None:
        return Pruned(0, None, is_done=True)
    before = reader.now() - timedelta(days=days)
    following = _mark_families(before, place, trials_only)
    if following is not None:
        return Pruned(0, following)
    # Drafts that were kept for trials whose runs are gone.
    unused = WorkflowVersion.every.filter(number=TRIAL_NUMBER, runs=None, published_at__lt=before)
    WorkflowVersion.every.filter(pk__in=list(unused.values_list("pk", flat=True)[:DRAFTS_PER_STEP])).delete()
    return Pruned(0, None, is_done=True)


def remove_imported(run: Run) -> None:
    """Begins the removal of an imported run and of those that came with it; does nothing with other runs."""
    _mark(Run.objects.filter(pk=run.pk, imported__isnull=False).values("pk"))


def _mark(runs: QuerySet[Run, Any] | Iterable[UUID]) -> int:
    """Marks runs for removal and frees their idempotency keys. Returns how many."""
    return Run.objects.filter(pk__in=runs).update(pruned_at=reader.now(), idempotency_key=None)


def _remove_rows() -> int | None:
    """Removes rows of marked runs without children. Returns how many runs are gone; None: none is marked."""
    has_children = Exists(Run.every.filter(parent=OuterRef("pk")))
    leaves = Run.every.filter(~has_children, pruned_at__isnull=False)
    with transaction.atomic():
        free = leaves.select_for_update(skip_locked=True).order_by("pruned_at")
        ids = list(free.values_list("pk", flat=True)[:RUNS_PER_STEP])
        left = ROWS_PER_STEP
        for model, field in _parts():
            rows = model._base_manager.filter(**{f"{field}__in": ids}).order_by()
            left -= model._base_manager.filter(pk__in=rows.values("pk")[:left]).delete()[0]
            if left <= 0:
                return 0
        return Run.every.filter(pk__in=ids).only("pk").delete()[0] if ids else None


def _parts() -> list[tuple[type[models.Model], str]]:
    """Every model whose rows belong to a run, with the name of its foreign key."""
    parts = []
    for relation in Run._meta.related_objects:
        model = relation.related_model
        if model is not Run and isinstance(model, type) and relation.on_delete is models.CASCADE:
            parts.append((model, relation.field.name))
    return parts


def _mark_families(before: datetime, place: Place | None, trials_only: bool) -> Place | None:
    """Marks the old families among the next roots. Returns where to continue; None if no root is left."""
    roots = Run.objects.filter(parent=None, status__in=RUN_ENDED, created_at__lt=before)
    roots = roots.filter(imported__isnull=True)
    if trials_only:
        roots = roots.filter(trial=True)
    if place is not None:
        created_at, run_id = place
        roots = roots.filter(Q(created_at__gt=created_at) | Q(created_at=created_at, pk__gt=run_id))
    with transaction.atomic():
        locked = roots.select_for_update().order_by("created_at", "pk")[:FAMILIES_PER_STEP]
        places = list(locked.values_list("created_at", "pk"))
        ids = [run_id for _, run_id in places]
        if ids:
            _mark(set(ids) - _young_families(ids, before))
    return places[-1] if places else None


YOUNG_SQL = """
WITH RECURSIVE family(root, id) AS (
    SELECT id, id FROM runs_run WHERE id IN ({marks})
    UNION ALL SELECT family.root, run.id FROM runs_run run JOIN family ON run.parent_id = family.id
)
SELECT DISTINCT family.root FROM family JOIN runs_run run ON run.id = family.id
WHERE run.status NOT IN ({ended}) OR run.finished_at >= %s
"""


def _young_families(roots: list[UUID], before: datetime) -> set[UUID]:
    """The roots whose family has a member that is under way, or ended at `before` or later."""
    sql = YOUNG_SQL.format(marks=_marks(roots), ended=_marks(RUN_ENDED))
    keys = [Run._meta.pk.get_db_prep_value(root, connection) for root in roots]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*keys, *RUN_ENDED, connection.ops.adapt_datetimefield_value(before)])
        return {UUID(str(root)) for (root,) in cursor.fetchall()}


def _marks(values: Sized) -> str:
    return ", ".join(["%s"] * len(values))

"""Removes runs that ended long ago, whole families at a time: a run with all runs that it started.

Trials may go earlier than other runs, and take the drafts that were kept for them along. Runs that came as
files stay until somebody removes them.

A family may be large, so it is removed in steps, each with a small transaction of its own: its root is marked
(and hidden, and nothing can be done with it any more), then its children, then rows go from the leaves up.
What was begun can be gone on with by anyone. What is not ended, or belongs to something that is not, stays.
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
ROWS_PER_STEP = 5_000  # of journals, steps and the like

Place = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Pruned:
    """What one step did. `place`: where the search for old families goes on; `is_done`: nothing is left."""

    removed: int
    place: Place | None
    is_done: bool = False


def prune_step(days: float | None, place: Place | None = None, *, trials_only: bool = False) -> Pruned:
    """One short transaction: goes on with what is being removed, or looks for more.

    Searches among the runs that ended more than `days` days ago; None: begins nothing new.
    """
    if _mark_children():
        return Pruned(0, place)
    removed = _remove_rows()
    if removed is not None:
        return Pruned(removed, place)
    if days is None:
        return Pruned(0, None, is_done=True)
    before = reader.now() - timedelta(days=days)
    found = _mark_families(before, place, trials_only)
    if found is None:
        _remove_tried_drafts(before)
    return Pruned(0, found, is_done=found is None)


def _remove_tried_drafts(before: datetime) -> None:
    """What was kept for trials whose runs are gone."""
    left = WorkflowVersion.every.filter(number=TRIAL_NUMBER, runs=None, published_at__lt=before)
    WorkflowVersion.every.filter(pk__in=list(left.values_list("pk", flat=True)[:DRAFTS_PER_STEP])).delete()


def remove_imported(run: Run) -> None:
    """Begins the removal of a run that came as a file, with those that came with it; others stay."""
    _mark(Run.objects.filter(pk=run.pk, imported__isnull=False).values("pk"))


def _mark_children() -> int:
    """Returns how many runs have a parent that is being removed, and are now too."""
    children = Run.objects.filter(parent__pruned_at__isnull=False, status__in=RUN_ENDED)
    return _mark(children.values("pk")[:RUNS_PER_STEP])


def _mark(runs: QuerySet[Run, Any] | Iterable[UUID]) -> int:
    """Their keys are free at once."""
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
    """Every model whose rows belong to a run, and the name of the field that says to which."""
    found = []
    for relation in Run._meta.related_objects:
        model = relation.related_model
        if model is not Run and isinstance(model, type) and relation.on_delete is models.CASCADE:
            found.append((model, relation.field.name))
    return found


def _mark_families(before: datetime, place: Place | None, trials_only: bool) -> Place | None:
    """Looks at some old roots. Returns where the next ones begin; None when all are looked at."""
    roots = Run.objects.filter(parent=None, status__in=RUN_ENDED, created_at__lt=before)
    roots = roots.filter(imported__isnull=True)
    if trials_only:
        roots = roots.filter(trial=True)
    if place is not None:
        created_at, run_id = place
        roots = roots.filter(Q(created_at__gt=created_at) | Q(created_at=created_at, pk__gt=run_id))
    with transaction.atomic():
        locked = roots.select_for_update().order_by("created_at", "pk")[:FAMILIES_PER_STEP]
        found = list(locked.values_list("created_at", "pk"))
        ids = [run_id for _, run_id in found]
        if ids:
            _mark(set(ids) - _young_families(ids, before))
    return found[-1] if found else None


YOUNG_SQL = """
WITH RECURSIVE family(root, id) AS (
    SELECT id, id FROM runs_run WHERE id IN ({marks})
    UNION ALL SELECT family.root, run.id FROM runs_run run JOIN family ON run.parent_id = family.id
)
SELECT DISTINCT family.root FROM family JOIN runs_run run ON run.id = family.id
WHERE run.status NOT IN ({ended}) OR run.finished_at >= %s
"""


def _young_families(roots: list[UUID], before: datetime) -> set[UUID]:
    """Those of which a member is under way, or ended lately."""
    sql = YOUNG_SQL.format(marks=_marks(roots), ended=_marks(RUN_ENDED))
    keys = [Run._meta.pk.get_db_prep_value(root, connection) for root in roots]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*keys, *RUN_ENDED, connection.ops.adapt_datetimefield_value(before)])
        return {UUID(str(root)) for (root,) in cursor.fetchall()}


def _marks(values: Sized) -> str:
    return ", ".join(["%s"] * len(values))

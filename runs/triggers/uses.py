"""The uses of triggers: when the last one was, why it started nothing, and how many were passed over."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F, Q

from runs.errors import RunsError, WorkflowFull
from runs.models import Trigger
from runs.store import reader

USE_NOTED_EVERY = timedelta(seconds=10)
REFUSED_CHARS_MAX = 500


def note_use(trigger: Trigger, error: RunsError | None = None) -> None:
    """Stores the last use to within USE_NOTED_EVERY: a busy trigger's row is not written with every run."""
    if isinstance(error, WorkflowFull):
        Trigger.objects.filter(pk=trigger.pk).update(passed_over=F("passed_over") + 1)
    at, refused = reader.now(), str(error)[:REFUSED_CHARS_MAX] if error else ""
    is_outdated = Q(used_at=None) | Q(used_at__lt=at - USE_NOTED_EVERY) | ~Q(refused=refused)
    if trigger.used_at is None or trigger.used_at < at - USE_NOTED_EVERY or trigger.refused != refused:
        Trigger.objects.filter(is_outdated, pk=trigger.pk).update(used_at=at, refused=refused)

"""The place of a run that waits for its turn to begin."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from runs.models import Place, Run

COUNTED_MAX = 1_000  # runs before one that waits


def turn_of(run: Run) -> dict[str, Any] | None:
    """Returns the key of a pending run's line and how many are before it, up to COUNTED_MAX; else None."""
    if run.status != "pending":
        return None
    place = Place.objects.select_related("line").filter(run=run, begun_at=None, ended_at=None).first()
    if place is None:
        return None
    earlier = Q(turn_at__lt=place.turn_at) | Q(turn_at=place.turn_at, pk__lt=place.pk)
    before = place.line.places.filter(earlier, begun_at=None, ended_at=None).order_by()[:COUNTED_MAX]
    return {"key": place.line.key, "before": before.count()}

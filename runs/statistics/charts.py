"""Data of charts, read from counters: a few hundred small rows at most, never a scan of runs.

A chart is `times` in seconds since 1970 and, for each series, a list of as many `values`; None is a gap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from designer.services.folder_rights import seen, sees_all
from runs.machine.states import RUN_ENDED
from runs.machine.vocabulary import RUN_LOOKS
from runs.models import FleetSample, HourFigures, WorkflowFigures
from runs.statistics import histogram
from runs.statistics.counters import SAMPLES_KEPT
from runs.store import reader

Json = dict[str, Any]

HOUR = timedelta(hours=1)
HOURS_MAX = 7 * 24
SAMPLE_GAP = timedelta(minutes=5)  # a line breaks where no sample was taken for so long
OUTCOMES = tuple((status.value, look) for status, look in RUN_LOOKS.items() if status in RUN_ENDED)
PERCENTILES = ((0.5, "Half within", "busy", False), (0.95, "95 % within", "care", True))


def runs_by_hour(hours: int, user: Any = None) -> Json:
    """Counts of ended runs for each of the last `hours` hours, the present one included, by status.

    `user`: the person who asks; runs of workflows that they may not see are not counted.
    """
    counts: Counter[tuple[datetime, str]] = Counter()
    for row in _figures(hours, user):
        counts[row.hour, row.status] += row.count
    places = _hours(hours)
    series = [
        _series(look.word, look.tone, [counts[hour, status] for hour in places]) for status, look in OUTCOMES
    ]
    return _chart("stacked", "runs", places, series, step=HOUR)


def durations_by_hour(hours: int, user: Any = None) -> Json:
    """Median and 95th percentile of durations in ms, by the hour in which the runs ended."""
    by_hour: dict[datetime, list[histogram.Sizes]] = {}
    for row in _figures(hours, user):
        by_hour.setdefault(row.hour, []).append(row.durations)
    places = _hours(hours)
    merged = [histogram.merge(*by_hour.get(hour, [])) for hour in places]
    series = [
        _series(label, tone, [histogram.percentile(sizes, share) for sizes in merged], dashed=dashed)
        for share, label, tone, dashed in PERCENTILES
    ]
    return _chart("lines", "ms", places, series, step=HOUR)


def queue_depth(hours: int) -> Json:
    """Waiting attempts and worker processes, minute by minute, for SAMPLES_KEPT at most."""
    since = reader.now() - min(timedelta(hours=hours), SAMPLES_KEPT)
    rows = FleetSample.objects.filter(at__gte=since).order_by("at").values_list("at", "queued", "processes")
    samples: list[tuple[datetime, int | None, int | None]] = []
    for at, queued, processes in rows:
        if samples and at - samples[-1][0] > SAMPLE_GAP:
            samples.append((samples[-1][0] + SAMPLE_GAP, None, None))
        samples.append((at, queued, processes))
    series = [
        _series("Waiting steps", "hold", [queued for _, queued, _ in samples]),
        _series("Worker processes", "busy", [processes for _, _, processes in samples], dashed=True),
    ]
    return _chart("lines", "", [at for at, _, _ in samples], series)


def has_any(user: Any = None) -> bool:
    """Whether any run has ended that this person may see the figures of."""
    return _rows(user).exists()


def _figures(hours: int, user: Any) -> list[HourFigures | WorkflowFigures]:
    return list(_rows(user).filter(hour__gte=_hours(hours)[0]).order_by("hour", "status"))


def _rows(user: Any) -> QuerySet[HourFigures | WorkflowFigures]:
    """The figures of all workflows together; where some are hidden, those of each of the others."""
    return HourFigures.objects.all() if sees_all(user) else seen(WorkflowFigures.objects.all(), user)


def _hours(hours: int) -> list[datetime]:
    last = reader.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return [last - HOUR * back for back in range(hours - 1, -1, -1)]


def _series(label: str, tone: str, values: Sequence[float | None], *, dashed: bool = False) -> Json:
    return {"label": label, "tone": tone, "dashed": dashed, "values": list(values)}


def _chart(
    kind: str, unit: str, times: Sequence[datetime], series: list[Json], step: timedelta | None = None
) -> Json:
    return {
        "kind": kind,
        "unit": unit,
        "step_s": step.total_seconds() if step else None,
        "times": [round(at.timestamp()) for at in times],
        "series": series,
    }

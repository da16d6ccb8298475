"""What charts show, from figures that are kept up: a few hundred small rows at most, never a scan of runs.

A chart is `times` in seconds since 1970, and one list of as many values a series; None is a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from runs.models import FleetSample, HourFigures
from runs.statistics import histogram
from runs.statistics.counters import SAMPLES_KEPT
from runs.store import reader

Json = dict[str, Any]

HOUR = timedelta(hours=1)
HOURS_MAX = 7 * 24
SAMPLE_GAP = timedelta(minutes=5)  # without a sample for so long, nobody knows
OUTCOMES = (
    ("completed", "Completed", "go"),
    ("compensated", "Undone", "back"),
    ("failed", "Failed", "stop"),
    ("cancelled", "Cancelled", "idle"),
)
PERCENTILES = ((0.5, "Half within", "busy", False), (0.95, "95 % within", "care", True))


def runs_by_hour(hours: int) -> Json:
    """Runs that ended in each of the last `hours` hours, the present one included, by how they ended."""
    counts = {(row.hour, row.status): row.count for row in _figures(hours)}
    places = _hours(hours)
    series = [
        _series(label, tone, [counts.get((hour, status), 0) for hour in places])
        for status, label, tone in OUTCOMES
    ]
    return _chart("stacked", "runs", places, series, step=HOUR)


def durations_by_hour(hours: int) -> Json:
    """How long the runs took that ended in each hour, in ms: the half and the 95th of a hundred."""
    sizes: dict[datetime, list[histogram.Sizes]] = {}
    for row in _figures(hours):
        sizes.setdefault(row.hour, []).append(row.durations)
    places = _hours(hours)
    merged = [histogram.merge(*sizes.get(hour, [])) for hour in places]
    series = [
        _series(label, tone, [histogram.percentile(found, share) for found in merged], dashed=dashed)
        for share, label, tone, dashed in PERCENTILES
    ]
    return _chart("lines", "ms", places, series, step=HOUR)


def queue_depth(hours: int) -> Json:
    """How many attempts waited in the queues, and how many worker processes there were, minute by minute."""
    since = reader.now() - min(timedelta(hours=hours), SAMPLES_KEPT)
    rows = FleetSample.objects.filter(at__gte=since).order_by("at").values_list("at", "queued", "processes")
    samples = _with_gaps(list(rows))
    series = [
        _series("Waiting steps", "hold", [queued for _, queued, _ in samples]),
        _series("Worker processes", "busy", [processes for _, _, processes in samples], dashed=True),
    ]
    return _chart("lines", "", [at for at, _, _ in samples], series)


Sample = tuple[datetime, int | None, int | None]


def _with_gaps(samples: Sequence[Sample]) -> list[Sample]:
    """A line is not drawn over a time of which nobody knows anything."""
    found: list[Sample] = []
    for sample in samples:
        if found and sample[0] - found[-1][0] > SAMPLE_GAP:
            found.append((found[-1][0] + SAMPLE_GAP, None, None))
        found.append(sample)
    return found


def _figures(hours: int) -> list[HourFigures]:
    return list(HourFigures.objects.filter(hour__gte=_hours(hours)[0]).order_by("hour", "status"))


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

"""Metrics for Prometheus.

Read from the hourly counters of ended runs and from bounded counts over indexes: no query scans runs, so a
scrape costs the same however many runs there are. A pass over old counters is cached for a day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, QuerySet
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from config.lib.caches import cached_for_process
from config.operations.health import sweep_lag_s
from runs.delivery import queue, worker_processes
from runs.engine import lines
from runs.machine.states import RUN_LIVE
from runs.models import HeldInput, HourFigures, Intervention, Place, Run, StepRun
from runs.statistics import histogram
from runs.store import reader

COUNTED_MAX = 100_000
WORKFLOWS_MAX = 100  # so many series of one metric
OCTAVES = range(3, 27)  # buckets up to 8 ms, 16 ms, … 19 h
SETTLED_AFTER = timedelta(days=2)  # hours whose counters no longer change, except after a long outage

Totals = dict[str, tuple[int, dict[str, int]]]


class ProductCollector(Collector):
    """Reads all metrics at each scrape."""

    def collect(self) -> Iterator[Metric]:
        yield from _runs()
        yield from _waiting()
        yield from _queues()
        interventions = Intervention.objects.filter(status="open")
        yield _gauge("interventions_open", "Questions that wait for a person", _count(interventions))
        yield _gauge("worker_processes", "Worker processes online", worker_processes.lately_seen().count())
        claimed = StepRun.objects.exclude(process="")
        yield _gauge("attempts_running", "Attempts that worker processes hold", _count(claimed))
        yield _gauge("sweep_lag_seconds", "How long the oldest due timer has been overdue", sweep_lag_s())


def text() -> bytes:
    """All metrics in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ProductCollector())
    return generate_latest(registry)


def _runs() -> Iterator[Metric]:
    live = GaugeMetricFamily(
        "sagaboard_runs", f"Runs that have not ended, {COUNTED_MAX:,} a status at most", labels=["status"]
    )
    for unfinished in RUN_LIVE:
        live.add_metric([unfinished], _count(Run.objects.filter(status=unfinished, imported__isnull=True)))
    yield live
    ended = CounterMetricFamily("sagaboard_runs_ended", "Ended runs, without trials", labels=["status"])
    durations = HistogramMetricFamily(
        "sagaboard_run_duration_seconds", "From start to end; the sum within a tenth", labels=["status"]
    )
    now = reader.now()
    since = (now - SETTLED_AFTER).date()
    recent = _by_status(HourFigures.objects.filter(hour__gte=_midnight(since, now)))
    for status, (count, sizes) in sorted(_merged(_settled(since, now.tzinfo), recent).items()):
        ended.add_metric([status], count)
        # Each duration counts as the geometric middle of its size.
        seconds = (2 ** ((int(size) + 0.5) / histogram.PARTS) / 1000 * times for size, times in sizes.items())
        durations.add_metric([status], _buckets(sizes), float(sum(seconds)))
    yield ended
    yield durations


def _waiting() -> Iterator[Metric]:
    """What has not begun yet, by workflow: runs of full ones, and inputs that may have a successor."""
    in_line = Place.objects.filter(lines.WAITING)
    meaning = "Runs that wait because their workflow is full"
    yield _by_workflow("runs_in_line", meaning, in_line, "line__workflow_name")
    meaning = "Inputs that wait for a later one to take their place"
    yield _by_workflow("inputs_held_back", meaning, HeldInput.objects.all(), "workflow__name")


def _by_workflow(name: str, meaning: str, rows: QuerySet[Any], workflow: str) -> Metric:
    """The workflows that have most of these rows; a workflow that has none is left out."""
    counted = rows.model.objects.filter(pk__in=rows.order_by().values("pk")[:COUNTED_MAX])
    counts = counted.order_by().values_list(workflow).annotate(count=Count("pk")).order_by("-count", workflow)
    metric = GaugeMetricFamily(f"sagaboard_{name}", meaning, labels=["workflow"])
    for title, count in counts[:WORKFLOWS_MAX]:
        metric.add_metric([title], count)
    return metric


def _queues() -> Iterator[Metric]:
    """While Redis does not answer the lengths are unknown, so no depth is reported."""
    try:
        lengths = queue.queue_lengths()
    except RedisError:
        lengths = {}
    yield _gauge("redis_up", "Whether Redis answers", int(bool(lengths)))
    depth = GaugeMetricFamily("sagaboard_queue_depth", "Attempts that wait in a queue", labels=["queue"])
    for name, length in lengths.items():
        depth.add_metric([name], length)
    yield depth


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"sagaboard_{name}", meaning, value=value)


def _count(rows: QuerySet[Run] | QuerySet[StepRun] | QuerySet[Intervention]) -> int:
    return rows.order_by().values("pk")[:COUNTED_MAX].count()


@cached_for_process(maxsize=1)
def _settled(until: date, zone: object) -> Totals:
    """Totals of all hours before a day. Cached for one value of `until`, so read once a day."""
    return _by_status(HourFigures.objects.filter(hour__lt=_midnight(until, reader.now())))


def _midnight(day: date, like: datetime) -> datetime:
    return datetime.combine(day, time(), like.tzinfo)


def _by_status(rows: QuerySet[HourFigures]) -> Totals:
    totals: Totals = {}
    for status, count, sizes in rows.values_list("status", "count", "durations").iterator():
        totals = _merged(totals, {status: (count, sizes)})
    return totals


def _merged(totals: Totals, more: Totals) -> Totals:
    merged = dict(totals)
    for status, (count, sizes) in more.items():
        known, known_sizes = merged.get(status, (0, {}))
        merged[status] = known + count, histogram.merge(known_sizes, sizes)
    return merged


def _buckets(sizes: histogram.Sizes) -> list[tuple[str, float]]:
    """Durations as cumulative buckets of Prometheus: (upper bound in seconds, count up to it).

    The histogram has `PARTS` sizes for each octave of milliseconds; a bucket ends with an octave.
    """
    by_octave: Counter[int] = Counter()
    for size, count in sizes.items():
        by_octave[int(size) // histogram.PARTS] += count
    edges = [
        (str(2**octave / 1000), float(sum(count for place, count in by_octave.items() if place < octave)))
        for octave in OCTAVES
    ]
    return [*edges, ("+Inf", float(sum(by_octave.values())))]

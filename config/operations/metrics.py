"""Metrics for Prometheus.

Read from the hourly counters of ended runs and from bounded counts over indexes: no query scans runs, so a
scrape costs the same however many runs there are. A pass over old counters is cached for a day.
"""

from __future__ import annotations

import platform
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from importlib import metadata
from typing import Any

from django.conf import settings
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
from config.operations import ended_metrics
from config.operations.ended_metrics import add_histogram
from config.operations.health import sweep_lag_s
from runs.delivery import queue, worker_processes
from runs.engine import lines
from runs.live import consumers
from runs.machine.states import RUN_LIVE
from runs.models import (
    IS_LISTED,
    FleetSample,
    HeldInput,
    HourFigures,
    Intervention,
    JournalEntry,
    Place,
    Run,
    StepRun,
)
from runs.statistics import histogram
from runs.store import reader
from runs.store.database import database

COUNTED_MAX = 100_000
WORKFLOWS_MAX = 100  # so many series of one metric
SETTLED_AFTER = timedelta(days=2)  # hours whose counters no longer change, except after a long outage

Totals = dict[str, tuple[int, dict[str, int]]]


class ProductCollector(Collector):
    """Reads all metrics at each scrape."""

    def collect(self) -> Iterator[Metric]:
        yield _build()
        yield from _runs()
        yield from ended_metrics.families()
        yield from _waiting()
        yield from _queues()
        yield from _interventions()
        yield _gauge("worker_processes", "Worker processes online", worker_processes.lately_seen().count())
        claimed = StepRun.objects.filter(due_at__isnull=False).exclude(process="")  # due: its lease ends
        yield _gauge("attempts_running", "Attempts that worker processes hold", _count(claimed))
        yield _gauge("sweep_lag_seconds", "How long the oldest due timer has been overdue", sweep_lag_s())
        yield from _scheduler()
        sockets = sum(consumers.open_sockets.values())
        yield _gauge("sockets_open", "Sockets that this web process holds", sockets)


def text() -> bytes:
    """All metrics in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ProductCollector())
    return generate_latest(registry)


def _build() -> Metric:
    labels = {"version": _version(), "python": platform.python_version(), "database": database().engine}
    family = GaugeMetricFamily("sagaboard_build_info", "What runs here; always 1", labels=list(labels))
    family.add_metric(list(labels.values()), 1)
    return family


def _version() -> str:
    """Of the installed package; of a checkout, what its project file says."""
    try:
        return metadata.version("sagaboard")
    except metadata.PackageNotFoundError:
        project = settings.BASE_DIR / "pyproject.toml"
        return str(tomllib.loads(project.read_text())["project"]["version"])


def _runs() -> Iterator[Metric]:
    live = GaugeMetricFamily(
        "sagaboard_runs", f"Runs that have not ended, {COUNTED_MAX:,} a status at most", labels=["status"]
    )
    for unfinished in RUN_LIVE:
        those = Run.objects.filter(IS_LISTED, status=unfinished, imported__isnull=True)
        live.add_metric([unfinished], _count(those))
    yield live
    paused = Run.objects.filter(paused_at__isnull=False)
    yield _gauge("runs_paused", "Runs in which nothing new starts", _count(paused))
    ended = CounterMetricFamily("sagaboard_runs_ended", "Ended runs, without trials", labels=["status"])
    durations = HistogramMetricFamily(
        "sagaboard_run_duration_seconds", "From start to end; the sum within a tenth", labels=["status"]
    )
    now = reader.now()
    since = (now - SETTLED_AFTER).date()
    recent = _by_status(HourFigures.objects.filter(hour__gte=_midnight(since, now)))
    for status, (count, sizes) in sorted(_merged(_settled(since, now.tzinfo), recent).items()):
        ended.add_metric([status], count)
        add_histogram(durations, [status], sizes)
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
        lengths, heads = queue.queue_lengths(), queue.next_jobs()
    except RedisError:
        lengths, heads = {}, {}
    yield _gauge("redis_up", "Whether Redis answers", int(bool(lengths)))
    depth = GaugeMetricFamily("sagaboard_queue_depth", "Attempts that wait in a queue", labels=["queue"])
    for name, length in lengths.items():
        depth.add_metric([name], length)
    yield depth
    waits = GaugeMetricFamily(
        "sagaboard_queue_oldest_wait_seconds", "For how long the next attempt has waited", labels=["queue"]
    )
    for name in lengths:
        waits.add_metric([name], _waited_s(heads[name]))
    yield waits


def _waited_s(job: str | None) -> float:
    """Seconds since the last entry about the step of a job: mostly the one by which it became due."""
    dispatch = queue.dispatch_of(job) if job else None
    if dispatch is None:
        return 0.0
    run, step, _ = dispatch
    entries = JournalEntry.objects.filter(run_id=run, step=step).order_by("-seq")
    at = entries.values_list("at", flat=True).first()
    return max(0.0, (reader.now() - at).total_seconds()) if at else 0.0


def _interventions() -> Iterator[Metric]:
    rows = Intervention.objects.filter(status="open")
    yield _gauge("interventions_open", "Questions that wait for a person", _count(rows))
    oldest = rows.order_by("opened_at").values_list("opened_at", flat=True).first()
    age = (reader.now() - oldest).total_seconds() if oldest else 0.0
    yield _gauge("intervention_oldest_age_seconds", "For how long the oldest open question waits", age)


def _scheduler() -> Iterator[Metric]:
    """Nothing before a scheduler has been heard of."""
    at = FleetSample.objects.order_by("-at").values_list("at", flat=True).first()
    if at is not None:
        age = max(0.0, (reader.now() - at).total_seconds())
        yield _gauge("scheduler_seen_age_seconds", "How long ago a scheduler was heard of", age)


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

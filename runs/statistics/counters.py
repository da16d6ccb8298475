"""Figures over ended runs, kept up from their journals: what charts and canvases show costs no scan.

`tally_once` adds what the journal of each newly ended run says. An entry is counted once, whoever tallies and
however often: a run's `tallied_seq` moves on in the same transaction as the counters.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Value, When
from redis import RedisError

from runs.delivery import queue, worker_processes
from runs.models import FleetSample, HourFigures, JournalEntry, Run, StepFigures
from runs.statistics import histogram
from runs.store import reader

logger = logging.getLogger(__name__)

SAMPLES_KEPT = timedelta(days=2)
RUNS_PER_PASS = 200
ENTRIES_PER_PASS = 20_000
RUN_ENDS = {f"run.{status}": status for status in ("completed", "compensated", "failed", "cancelled")}
STEP_COUNTS = {
    "step.completed": "completed",
    "step.failed": "failed",
    "step.skipped": "skipped",
    "step.retry_scheduled": "retried",
    "compensation.completed": "undone",
    "compensation.failed": "undo_failed",
}
COUNTED = [*RUN_ENDS, *STEP_COUNTS]


@dataclass
class Counts:
    """Counters of one step, or of one hour's runs of one status, and their durations in ms."""

    counts: Counter[str] = field(default_factory=Counter)
    durations: list[float] = field(default_factory=list)


@dataclass
class Tally:
    """What a pass adds."""

    steps: dict[tuple[int, str], Counts] = field(default_factory=lambda: defaultdict(Counts))
    hours: dict[tuple[datetime, str], Counts] = field(default_factory=lambda: defaultdict(Counts))


@dataclass(frozen=True)
class Ended:
    """A run that has ended, with entries `tallied` < seq <= `last` to be counted."""

    pk: UUID
    version_id: int
    started_at: datetime | None
    tallied: int
    last: int
    trial: bool
    imported: object


def tally_once() -> int:
    """One bounded pass. Returns how many runs it counted."""
    runs = _ended()
    if not runs:
        return 0
    entries = _entries(runs)
    with transaction.atomic():
        mine = [run for run in runs if _take(run)]
        tally = Tally()
        for run in mine:
            if not run.trial and run.imported is None:
                add(tally, run, entries[run.pk])
        write_steps(tally)
        write_hours(tally)
    return len(mine)


def sample_fleet() -> None:
    """Keep how long the queues are now, and forget what is older than SAMPLES_KEPT."""
    try:
        queued = sum(queue.queue_lengths().values())
    except RedisError as error:
        logger.warning("queues not sampled: %s", error)
        return
    at = reader.now()
    FleetSample.objects.create(at=at, queued=queued, processes=worker_processes.lately_seen().count())
    FleetSample.objects.filter(at__lt=at - SAMPLES_KEPT).delete()


def _ended() -> list[Ended]:
    """Those that ended first; at most as many as have ENTRIES_PER_PASS entries together."""
    rows = Run.objects.filter(tally_at__isnull=False).order_by("tally_at")
    found: list[Ended] = []
    entries = 0
    columns = ("pk", "version_id", "started_at", "tallied_seq", "last_seq", "trial", "imported")
    for row in rows.values_list(*columns)[:RUNS_PER_PASS]:
        run = Ended(*row)
        entries += run.last - run.tallied
        if found and entries > ENTRIES_PER_PASS:
            break
        found.append(run)
    return found


def _entries(runs: list[Ended]) -> dict[UUID, list[Any]]:
    """Entries never change, so they can be read before anything is locked."""
    found: dict[UUID, list[Any]] = {}
    for run in runs:
        rows = JournalEntry.objects.filter(run_id=run.pk, seq__gt=run.tallied, seq__lte=run.last)
        rows = rows.filter(type__in=COUNTED).order_by("seq")
        found[run.pk] = list(rows.values_list("type", "step", "at", "data"))
    return found


def _take(run: Ended) -> bool:
    """False where somebody else has counted these entries."""
    is_all = When(last_seq=run.last, then=Value(None))
    return (
        Run.objects.filter(pk=run.pk, tallied_seq=run.tallied).update(
            tallied_seq=run.last, tally_at=Case(is_all, default=F("tally_at"))
        )
        == 1
    )


def add(tally: Tally, run: Ended, entries: Iterable[Any]) -> None:
    """`entries`: type, step, time and data of each."""
    is_first_end = run.tallied == 0
    for kind, step, at, data in entries:
        if kind in RUN_ENDS:
            hour = at.replace(minute=0, second=0, microsecond=0)
            found = tally.hours[hour, RUN_ENDS[kind]]
            found.counts["count"] += 1
            if is_first_end and run.started_at is not None:
                found.durations.append((at - run.started_at).total_seconds() * 1000)
        elif not step.endswith("]"):  # a map counts as one step
            found = tally.steps[run.version_id, step]
            found.counts[STEP_COUNTS[kind]] += 1
            if kind == "step.completed" and isinstance(data.get("duration_ms"), int | float):
                found.durations.append(data["duration_ms"])


def write_steps(tally: Tally) -> None:
    """Adds what a tally counted of steps; in a transaction of the caller."""
    for (version_id, step), added in sorted(tally.steps.items()):
        row, _ = StepFigures.objects.select_for_update().get_or_create(version_id=version_id, step=step)
        _grow(row, added)


def write_hours(tally: Tally) -> None:
    """Adds what a tally counted of hours; in a transaction of the caller."""
    for (hour, status), added in sorted(tally.hours.items()):
        row, _ = HourFigures.objects.select_for_update().get_or_create(hour=hour, status=status)
        _grow(row, added)


def _grow(row: Any, added: Counts) -> None:
    for name, number in added.counts.items():
        setattr(row, name, getattr(row, name) + number)
    row.durations = histogram.merge(row.durations, histogram.count(added.durations))
    row.save()


Json = dict[str, Any]


COUNTS = ("completed", "failed", "skipped", "retried", "undone", "undo_failed")


def version_figures(version_id: int) -> Json:
    """`steps`: by name, how often each end was come to, and how long a completion took (p50 and p95, in ms).

    Steps that no ended run came to are left out, and so are trials and runs that came as files.
    """
    rows = StepFigures.objects.filter(version=version_id)
    return {"steps": {row.step: _figures(row) for row in rows}}


def _figures(row: StepFigures) -> Json:
    return {name: getattr(row, name) for name in COUNTS} | {
        "p50_ms": _rounded(histogram.percentile(row.durations, 0.5)),
        "p95_ms": _rounded(histogram.percentile(row.durations, 0.95)),
    }


def _rounded(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds)

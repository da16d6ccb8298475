"""Counters over ended runs, updated from their journals, so that charts and canvases need no scan.

`tally_once` counts the journal entries of newly ended runs. Each entry is counted exactly once, also by
several processes: a run's `tallied_seq` advances in the transaction that writes the counters.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Value, When
from redis import RedisError

from runs.delivery import queue, worker_processes
from runs.machine.states import RUN_ENDED, RunStatus
from runs.models import FleetSample, HourFigures, JournalEntry, Run, StepFigures, WorkflowFigures
from runs.statistics import histogram, operations, step_facts
from runs.statistics.step_facts import WHOLE
from runs.store import reader

logger = logging.getLogger(__name__)

Json = dict[str, Any]
NoteEnds = Callable[[list[tuple[UUID, str, int, datetime]]], None]

SAMPLES_KEPT = timedelta(days=2)
WORKFLOWS_KEPT = timedelta(days=8)  # charts reach back for seven
WORKFLOWS_REMOVED_MAX = 1_000  # a minute
RUNS_PER_PASS = 200
ENTRIES_PER_PASS = 20_000
RUN_ENDS = {f"run.{status}": status.value for status in RunStatus if status in RUN_ENDED}
STEP_COUNTS = {
    "step.completed": "completed",
    "step.failed": "failed",
    "step.skipped": "skipped",
    "step.retry_scheduled": "retried",
    "compensation.completed": "undone",
    "compensation.failed": "undo_failed",
}
COUNTED = [
    *RUN_ENDS,
    *STEP_COUNTS,
    "run.compensating",
    "compensation.retry_scheduled",
    "intervention.answered",
    *step_facts.READ,
]


@dataclass
class Counts:
    """Counters of one step, or of one hour's runs of one status, and their durations in ms.

    `facts`: see `step_facts`; of steps alone.
    """

    counts: Counter[str] = field(default_factory=Counter)
    durations: list[float] = field(default_factory=list)
    facts: Json = field(default_factory=dict)


@dataclass
class Tally:
    """The counts that one pass adds: by version and step, by hour and status, and these by workflow."""

    steps: dict[tuple[int, str], Counts] = field(default_factory=lambda: defaultdict(Counts))
    hours: dict[tuple[datetime, str], Counts] = field(default_factory=lambda: defaultdict(Counts))
    workflows: dict[tuple[datetime, str, str], Counts] = field(default_factory=lambda: defaultdict(Counts))
    operations: dict[operations.Key, operations.Counted] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """An ended run whose entries with `tallied` < seq <= `last` are to be counted."""

    pk: UUID
    version_id: int
    started_at: datetime | None
    tallied: int
    last: int
    trial: bool
    imported: object
    body: str | None = None
    workflow: str = ""

    def place_of(self, step: str) -> tuple[int, str]:
        """The version, and the path of a step in it, as `pages/read` for one of the body of `pages`.

        The run as a whole, of which the step is "", has the path "", and that of a body `pages/`.
        """
        return self.version_id, f"{self.body}/{step}" if self.body else step


def tally_once(note_ends: NoteEnds | None = None) -> int:
    """One bounded pass. Returns how many runs it counted.

    `note_ends` gets each end once, within the transaction: run, type of its entry, number of it, and time.
    """
    runs = _ended()
    if not runs:
        return 0
    entries = _entries(runs)
    with transaction.atomic():
        claimed = [run for run in runs if _claim(run)]
        tally = Tally()
        counted = [run for run in claimed if not run.trial and run.imported is None]
        for run in counted:
            add(tally, run, [entry[1:] for entry in entries[run.pk]])
        write_steps(tally)
        write_hours(tally)
        operations.write(tally.operations)
        if note_ends is not None and (ends := list(_ends(counted, entries))):
            note_ends(ends)
    return len(claimed)


def _ends(runs: list[Ended], entries: dict[UUID, list[Any]]) -> Iterator[tuple[UUID, str, int, datetime]]:
    """The ends of runs. Bodies count for the runs around them."""
    for run in runs:
        for seq, kind, _, at, _ in entries[run.pk] if run.body is None else ():
            if kind in RUN_ENDS:
                yield run.pk, kind, seq, at


def sample_fleet() -> None:
    """Stores the present length of all queues, and deletes samples and figures that no chart shows."""
    try:
        queued = sum(queue.queue_lengths().values())
    except RedisError as error:
        logger.warning("queues not sampled: %s", error)
        return
    at = reader.now()
    FleetSample.objects.create(at=at, queued=queued, processes=worker_processes.lately_seen().count())
    FleetSample.objects.filter(at__lt=at - SAMPLES_KEPT).delete()
    old = WorkflowFigures.objects.filter(hour__lt=at - WORKFLOWS_KEPT).values_list("pk", flat=True)
    WorkflowFigures.objects.filter(pk__in=list(old[:WORKFLOWS_REMOVED_MAX])).delete()


def _ended() -> list[Ended]:
    """The uncounted runs that ended first; together they have ENTRIES_PER_PASS entries, or it is one run."""
    rows = Run.objects.filter(tally_at__isnull=False).order_by("tally_at")
    runs: list[Ended] = []
    entries = 0
    columns = ("pk", "version_id", "started_at", "tallied_seq", "last_seq", "trial", "imported", "body")
    for row in rows.values_list(*columns, "workflow_name")[:RUNS_PER_PASS]:
        run = Ended(*row)
        entries += run.last - run.tallied
        if runs and entries > ENTRIES_PER_PASS:
            break
        runs.append(run)
    return runs


def _entries(runs: list[Ended]) -> dict[UUID, list[Any]]:
    """The entries to be counted, by run: number, type, step, time and data.

    Entries never change, so they are read before anything is locked.
    """
    entries: dict[UUID, list[Any]] = {}
    for run in runs:
        rows = JournalEntry.objects.filter(run_id=run.pk, seq__gt=run.tallied, seq__lte=run.last)
        rows = rows.filter(type__in=COUNTED).order_by("seq")
        entries[run.pk] = list(rows.values_list("seq", "type", "step", "at", "data"))
    return entries


def _claim(run: Ended) -> bool:
    """Marks the entries as counted. Returns False if another process has counted them."""
    is_all = When(last_seq=run.last, then=Value(None))
    return (
        Run.objects.filter(pk=run.pk, tallied_seq=run.tallied).update(
            tallied_seq=run.last, tally_at=Case(is_all, default=F("tally_at"))
        )
        == 1
    )


def add(tally: Tally, run: Ended, entries: Iterable[Any]) -> None:
    """Counts entries of a run, given as type, step, time and data. A run of a body is no run of its own."""
    is_first_end = run.tallied == 0
    entries = list(entries)
    if is_first_end:
        for step, facts in step_facts.facts_of(run.started_at, entries).items():
            step_facts.merge(tally.steps[run.place_of(step)].facts, facts)
    operations.Reading(run.workflow, tally.operations).read(entries)
    for kind, step, at, data in entries:
        for name, number in _left(kind, step, data):
            tally.steps[run.place_of(name.partition("[")[0])].counts["left"] += number
        if kind in RUN_ENDS and run.body is None:
            hour = at.replace(minute=0, second=0, microsecond=0)
            since = run.started_at if is_first_end else None
            operations.add_run(tally.operations, run.workflow, RUN_ENDS[kind], since, at)
            of_workflow = tally.workflows[hour, RUN_ENDS[kind], run.workflow]
            for ends in (tally.hours[hour, RUN_ENDS[kind]], of_workflow):
                ends.counts["count"] += 1
                if is_first_end and run.started_at is not None:
                    ends.durations.append((at - run.started_at).total_seconds() * 1000)
        elif kind in STEP_COUNTS and not step.endswith("]") and not _is_no_act(kind, data):
            step_counts = tally.steps[run.place_of(step)]  # a map counts as one step
            step_counts.counts[STEP_COUNTS[kind]] += 1
            if kind == "step.completed" and isinstance(data.get("duration_ms"), int | float):
                step_counts.durations.append(data["duration_ms"])


def _is_no_act(kind: str, data: Json) -> bool:
    """Whether a step was taken over, or an undo undid nothing: none was needed, or a child run left it."""
    is_nothing_undone = kind == "compensation.completed" and data.get("undo") in ("none", "abandoned")
    return is_nothing_undone or "taken_over" in data


def _left(kind: str, step: str, data: Json) -> Iterator[tuple[str, int]]:
    """Yields, by step, how many effects an entry says are left: by the step itself or by its child run."""
    if kind in ("run.compensating", "run.cancelled"):
        yield from ((name, 1) for name in (*data.get("remains", ()), *data.get("abandoned", ())))
    elif kind == "intervention.answered":
        if data.get("kind") == "compensation_failed" and data.get("answer") == "abandon":
            yield step, 1
    elif kind in STEP_COUNTS:
        is_abandoned = kind == "compensation.completed" and data.get("undo") == "abandoned"
        number = data.get("left", 0) or int(is_abandoned or data.get("remains") is True)
        if number:
            yield step, number


def write_steps(tally: Tally) -> None:
    """Adds the counts of steps to their rows, in a transaction of the caller and in one order of locks."""
    for (version_id, step), added in sorted(tally.steps.items()):
        row, _ = StepFigures.objects.select_for_update().get_or_create(version_id=version_id, step=step)
        _grow(row, added)


def write_hours(tally: Tally) -> None:
    """Adds the counts of hours to their rows, in a transaction of the caller and in one order of locks."""
    for (hour, status), added in sorted(tally.hours.items()):
        row, _ = HourFigures.objects.select_for_update().get_or_create(hour=hour, status=status)
        _grow(row, added)
    for (hour, status, name), added in sorted(tally.workflows.items()):
        of_workflow, _ = WorkflowFigures.objects.select_for_update().get_or_create(
            hour=hour, status=status, workflow_name=name
        )
        _grow(of_workflow, added)


def _grow(row: Any, added: Counts) -> None:
    for name, number in added.counts.items():
        setattr(row, name, getattr(row, name) + number)
    row.durations = histogram.merge(row.durations, histogram.count(added.durations))
    if added.facts:
        row.facts = step_facts.merge(row.facts or {}, added.facts)
    row.save()


COUNTS = ("completed", "failed", "skipped", "retried", "undone", "undo_failed", "left")


def version_figures(version_id: int) -> Json:
    """`steps`: by name, the counts in COUNTS, and how long completions took (`p50_ms`, `p95_ms`).

    Steps that no ended run reached are left out. Trials and imported runs are not counted.
    """
    rows = StepFigures.objects.filter(version=version_id).exclude(step__endswith="/").exclude(step=WHOLE)
    return {"steps": {row.step: _figures(row) for row in rows}}


def _figures(row: StepFigures) -> Json:
    return {name: getattr(row, name) for name in COUNTS} | {
        "p50_ms": _rounded(histogram.percentile(row.durations, 0.5)),
        "p95_ms": _rounded(histogram.percentile(row.durations, 0.95)),
    }


def _rounded(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds)

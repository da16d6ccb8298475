"""Metrics of what has ended, by workflow, from the counters of `runs.statistics.operations`.

A few rows for each of the first 100 workflows, and one histogram of each duration: neither depends on how
many runs there are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from runs.machine.states import RUN_ENDED
from runs.models import OperationFigures
from runs.statistics import histogram
from runs.statistics.operations import Key

OTHER_WORKFLOWS = "(others)"
OCTAVES = range(3, 27)  # buckets up to 8 ms, 16 ms, … 19 h
COARSE = range(3, 27, 2)  # of each workflow
Rows = Mapping[Key, tuple[int, histogram.Sizes]]


OUTCOMES = {
    "run": tuple(sorted(status.value for status in RUN_ENDED)),
    "step": ("completed", "failed"),
    "undo": ("undone", "failed", "left"),
    "attempt": ("succeeded", "failed", "unknown", "retry_needed"),
    "undo_attempt": ("succeeded", "failed", "unknown", "retry_needed"),
}
"""What is told of each workflow even where there was none, as an increase is seen only from a value on."""

DIRECTIONS = {"attempt": "forward", "undo_attempt": "undo"}


def families() -> Iterator[Metric]:
    rows = _rows()
    yield _counter("workflow_runs_ended", "Ended runs of a workflow, without trials", rows, "run", "status")
    yield _by_workflow("workflow_run_duration_seconds", "From start to first end", rows, "run")
    yield _counter("steps_ended", "Steps that ended", rows, "step", "outcome")
    yield _by_workflow("step_duration_seconds", "From the first attempt to the end", rows, "step")
    yield _counter("undos_ended", "Undos that ended, or failed and ask a person", rows, "undo", "outcome")
    yield _whole("undo_duration_seconds", "From the first attempt to the end", rows, "undo")
    labels = ["workflow", "direction", "outcome"]
    attempts = CounterMetricFamily("sagaboard_attempts_ended", "Attempts of workers", labels=labels)
    for kind, direction in DIRECTIONS.items():
        for workflow, outcome, count in _counts(rows, kind):
            attempts.add_metric([workflow, direction, outcome], count)
    yield attempts
    yield _whole("attempt_duration_seconds", "From the claim to the outcome", rows, *DIRECTIONS)
    yield _whole("attempt_queue_wait_seconds", "From being due to the claim", rows, "wait")


def add_histogram(
    family: HistogramMetricFamily, labels: list[str], sizes: histogram.Sizes, octaves: range = OCTAVES
) -> None:
    """Durations as cumulative buckets: each ends with an octave of milliseconds, of which a size is a part.

    Each duration counts in the sum as the geometric middle of its size.
    """
    by_octave: Counter[int] = Counter()
    for size, count in sizes.items():
        by_octave[int(size) // histogram.PARTS] += count
    edges = [
        (str(2**octave / 1000), float(sum(count for place, count in by_octave.items() if place < octave)))
        for octave in octaves
    ]
    seconds = (2 ** ((int(size) + 0.5) / histogram.PARTS) / 1000 * times for size, times in sizes.items())
    family.add_metric(labels, [*edges, ("+Inf", float(sum(by_octave.values())))], float(sum(seconds)))


def _rows() -> Rows:
    rows = OperationFigures.objects.order_by("kind", "workflow_name", "outcome")
    columns = rows.values_list("kind", "workflow_name", "outcome", "count", "durations")
    return {Key(*row[:3]): (row[3], row[4]) for row in columns}


def _counts(rows: Rows, kind: str) -> Iterator[tuple[str, str, int]]:
    """Workflow, outcome and count of one kind."""
    found = {(key.workflow, key.outcome): count for key, (count, _) in rows.items() if key.kind == kind}
    for workflow in sorted({key.workflow for key in rows}):
        for outcome in OUTCOMES[kind]:
            yield workflow or OTHER_WORKFLOWS, outcome, found.get((workflow, outcome), 0)


def _counter(name: str, meaning: str, rows: Rows, kind: str, label: str) -> Metric:
    family = CounterMetricFamily(f"sagaboard_{name}", meaning, labels=["workflow", label])
    for workflow, outcome, count in _counts(rows, kind):
        family.add_metric([workflow, outcome], count)
    return family


def _by_workflow(name: str, meaning: str, rows: Rows, kind: str) -> Metric:
    family = HistogramMetricFamily(f"sagaboard_{name}", meaning, labels=["workflow"])
    merged: dict[str, dict[str, int]] = defaultdict(dict)
    for key, (_, sizes) in rows.items():
        if key.kind == kind:
            name_shown = key.workflow or OTHER_WORKFLOWS
            merged[name_shown] = histogram.merge(merged[name_shown], sizes)
    for workflow, sizes in merged.items():
        add_histogram(family, [workflow], sizes, COARSE)
    return family


def _whole(name: str, meaning: str, rows: Rows, *kinds: str) -> Metric:
    family = HistogramMetricFamily(f"sagaboard_{name}", meaning, labels=[])
    add_histogram(
        family, [], histogram.merge(*(sizes for key, (_, sizes) in rows.items() if key.kind in kinds))
    )
    return family

"""Steps in a row: one run on an idle system (A), 200 at once (B), a saga (D), a growing context (E)."""

from __future__ import annotations

import time
from uuid import UUID

from django.db import connection

from runs.models import JournalEntry
from tests.bench.figures import POSTGRESQL, Bar, Figure, median, quantile
from tests.bench.stage import Stage, forget_runs
from tests.bench.workloads.steps import GROWING_STEPS, KILOBYTE, STEPS

ROUNDS = 5
WARM_UP = 10
AT_ONCE = 200
EDGE = 20  # the steps at either end whose times are compared


def one_at_a_time(stage: Stage) -> list[Figure]:
    """A: a run of 10 steps that do nothing, from the call that starts it to completed."""
    limit = 0.5 if connection.vendor == POSTGRESQL else 0.3
    with stage.workers():
        plain = _ratios(stage, "bench_row", STEPS, stage.some(200, 30))
        asynchronous = _ratios(stage, "bench_row_async", STEPS, stage.some(50, 15))
    return [
        Figure("A", "per step, median", median([m for m, _ in plain]), "x", Bar(limit)),
        Figure("A", "per step, p99", median([p99 for _, p99 in plain]), "x"),
        Figure("A", "per step, median", median([m for m, _ in plain]) * stage.references.rq_job_median * 1e3,
               "ms"),
        Figure("A", "per async step, median", median([m for m, _ in asynchronous]), "x"),
    ]  # fmt: skip


def _ratios(stage: Stage, name: str, steps: int, runs: int) -> list[tuple[float, float]]:
    """Of each round: median and p99 of the time per step, as ratios to that round's RQ job."""
    run_times(stage, name, WARM_UP)
    found = []
    for _ in range(ROUNDS):
        job = stage.references.rq_job()
        times = run_times(stage, name, max(1, runs // ROUNDS))
        found.append((median(times) / steps / job, quantile(times, 0.99) / steps / job))
    return found


def run_times(stage: Stage, name: str, runs: int) -> list[float]:
    """Seconds of each run, from the call that starts it until it has ended."""
    return [_time(stage, name) for _ in range(runs)]


def _time(stage: Stage, name: str) -> float:
    began = time.perf_counter()
    stage.wait_for(stage.start(name))
    return time.perf_counter() - began


def all_at_once(stage: Stage) -> list[Figure]:
    """B: 200 such runs at once, carried out by one and by two worker processes."""
    speeds: dict[int, list[float]] = {1: [], 2: []}
    ratios = []
    for _ in range(stage.some(ROUNDS, 1)):
        job = stage.references.rq_job()
        for processes in speeds:
            with stage.workers(processes):
                run_times(stage, "bench_row", WARM_UP)
                speeds[processes].append(steps_per_s(stage))
            forget_runs()
        ratios.append(1 / speeds[1][-1] / job)
    one, two = median(speeds[1]), median(speeds[2])
    limit = 1.5 if connection.vendor == POSTGRESQL else 1.2
    return [
        Figure("B", "per step, 1 process", median(ratios), "x", Bar(0.31)),
        Figure("B", "1 process", one, "steps/s"),
        Figure("B", "2 processes", two, "steps/s"),
        Figure("B", "2 processes to 1", two / one, "x", Bar(limit, at_least=True)),
    ]


def steps_per_s(stage: Stage) -> float:
    began = time.perf_counter()
    stage.wait_for_all(stage.start_many("bench_row", AT_ONCE))
    return AT_ONCE * STEPS / (time.perf_counter() - began)


def saga(stage: Stage) -> list[Figure]:
    """D: five steps, the sixth fails, and the five are undone; to the time of eleven forward steps."""
    ratios, runs = [], stage.some(20, 5)
    with stage.workers():
        run_times(stage, "bench_saga", WARM_UP)
        for _ in range(ROUNDS):
            forward = median(run_times(stage, "bench_forward", runs))
            ratios.append(median(run_times(stage, "bench_saga", runs)) / forward)
    return [Figure("D", "11 attempts of a saga to 11 forward steps", median(ratios), "x", Bar(2.0))]


def growing(stage: Stage) -> list[Figure]:
    """E: 200 steps that each add a kilobyte: the last ones to the first, and what is stored."""
    ratios, sizes = [], []
    with stage.workers():
        for _ in range(stage.some(5, 2)):
            run_id = stage.start("bench_grow")
            stage.wait_for(run_id)
            times = _step_times(run_id)
            ratios.append(median(times[-EDGE:]) / median(times[:EDGE]))
            sizes.append(_stored_bytes(run_id) / GROWING_STEPS)
    limit = 1.5 * KILOBYTE + 1_000
    return [
        Figure("E", "last steps to first steps", median(ratios), "x", Bar(1.5)),
        Figure("E", "stored per step of 1,000 bytes", median(sizes), "bytes", Bar(limit)),
    ]


def _step_times(run_id: UUID) -> list[float]:
    """Seconds between the ends of one step and the next."""
    ends = JournalEntry.objects.filter(run_id=run_id, type="step.completed").order_by("seq")
    found = list(ends.values_list("at", flat=True))
    return [(b - a).total_seconds() for a, b in zip(found, found[1:], strict=False)]


BYTES_SQL = """
SELECT (SELECT SUM(LENGTH(CAST(data AS text)) + COALESCE(LENGTH(CAST(payload AS text)), 0) + LENGTH(type)
               + LENGTH(step) + LENGTH(status) + 40) FROM runs_journalentry WHERE run_id = %s)
     + (SELECT SUM(LENGTH(CAST(state AS text)) + LENGTH(name) + LENGTH(status) + LENGTH(process) + 80)
        FROM runs_steprun WHERE run_id = %s)
     + (SELECT LENGTH(CAST(state AS text)) FROM runs_run WHERE id = %s)
"""


def _stored_bytes(run_id: UUID) -> float:
    """Of all columns of a run's rows; numbers and times count eight bytes each."""
    key = run_id.hex if connection.vendor == "sqlite" else run_id
    with connection.cursor() as cursor:
        cursor.execute(BYTES_SQL, [key] * 3)
        return float(cursor.fetchone()[0])

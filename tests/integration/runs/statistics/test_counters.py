"""Counters of ended runs: each entry once, whoever counts, and the same as a scan would give."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from django.test import Client
from redis import RedisError
from rq import Queue

from designer.document.graph import Body, Edge, Graph, Step
from designer.models import WorkflowVersion
from runs.delivery import queue as run_queue
from runs.engine import engine
from runs.models import FleetSample, HourFigures, JournalEntry, Run, StepFigures
from runs.statistics import counters, histogram
from runs.statistics.counters import tally_once
from runs.statistics.step_facts import WHOLE
from tests.integration.runs.conftest import RunHere, chain, step
from tests.people import client_of
from workers.cli.local_run import start_and_run
from workers.process.jobs import run_attempt


def steps_of(version: WorkflowVersion) -> dict[str, StepFigures]:
    return {row.step: row for row in StepFigures.objects.filter(version=version).exclude(step=WHOLE)}


def test_each_step_and_hour_is_counted_once(undone: Run) -> None:
    assert tally_once() == 1
    assert tally_once() == 0
    found = steps_of(undone.version)
    assert {name: (row.completed, row.failed, row.undone) for name, row in found.items()} == {
        "reserve": (1, 0, 1),
        "charge": (1, 0, 1),
        "ship": (0, 1, 0),
    }
    assert sum(found["charge"].durations.values()) == 1
    (hour,) = HourFigures.objects.all()
    assert (hour.status, hour.count, hour.hour.minute) == ("compensated", 1, 0)
    assert histogram.percentile(hour.durations, 0.5)


def test_counters_say_what_a_scan_of_the_journal_says(run_here: RunHere, order: Graph) -> None:
    version = run_here(order).version
    for faults in ({}, {"ship": "critical"}, {"charge": "critical"}, {}):
        list(start_and_run(version, {"faults": faults}, None))
    while tally_once():
        pass
    entries = JournalEntry.objects.filter(type="step.completed", run__version=version)
    scanned = Counter(entries.values_list("step", flat=True))
    assert scanned == {name: row.completed for name, row in steps_of(version).items()}


def test_an_undo_after_the_end_is_added_to_what_was_counted(run_here: RunHere, order: Graph) -> None:
    run = run_here(order)
    tally_once()
    engine.roll_back(run.pk)
    run.refresh_from_db()
    assert run.tally_at is None
    assert steps_of(run.version)["charge"].undone == 0
    finish(run)
    while tally_once():
        pass
    row = steps_of(run.version)["charge"]
    assert (row.completed, row.undone) == (1, 1)
    assert Counter(HourFigures.objects.values_list("status", "count")) == {
        ("completed", 1): 1,
        ("compensated", 1): 1,
    }


def finish(run: Run) -> None:
    """Carry out what is rung for a run."""
    queue = Queue("default", connection=run_queue.connection())
    while job := queue.fetch_job(next(iter(queue.get_job_ids()), "")):
        queue.remove(job)
        run_attempt(*job.args)
    run.refresh_from_db()
    assert run.status == "compensated"


def test_trials_and_runs_under_way_are_not_counted(waiting: Run, undone: Run) -> None:
    Run.objects.update(trial=True)
    assert [tally_once(), tally_once()] == [1, 0]
    assert not StepFigures.objects.exists()


def test_two_that_tally_at_once_count_once(undone: Run, monkeypatch: Any) -> None:
    entries = counters._entries

    def slow(runs: Any) -> Any:
        found = entries(runs)
        monkeypatch.setattr(counters, "_entries", entries)
        assert tally_once() == 1
        return found

    monkeypatch.setattr(counters, "_entries", slow)
    assert tally_once() == 0
    assert steps_of(undone.version)["charge"].completed == 1


def test_a_pass_is_bounded_by_entries(run_here: RunHere, order: Graph, monkeypatch: Any) -> None:
    version = run_here(order).version
    list(start_and_run(version, {}, None))
    monkeypatch.setattr(counters, "ENTRIES_PER_PASS", 3)
    assert [tally_once(), tally_once(), tally_once()] == [1, 1, 0]


def test_the_queues_are_sampled_and_old_samples_forgotten(
    db: None, redis_client: Any, monkeypatch: Any
) -> None:
    counters.sample_fleet()
    assert FleetSample.objects.get().queued == 0
    FleetSample.objects.update(at=FleetSample.objects.get().at - 2 * counters.SAMPLES_KEPT)

    def away() -> dict[str, int]:
        raise RedisError("away")

    counters.sample_fleet()
    assert FleetSample.objects.count() == 1
    monkeypatch.setattr(run_queue, "queue_lengths", away)
    counters.sample_fleet()
    assert FleetSample.objects.count() == 1


def test_the_figures_of_a_version_are_told_by_step(undone: Run) -> None:
    address = f"/api/v1/workflows/order/versions/{undone.version.number}/figures"
    viewer = client_of("vera", "viewer")
    assert viewer.get(address).json() == {"steps": {}}
    counters.tally_once()
    steps = viewer.get(address).json()["steps"]
    assert sorted(steps) == ["charge", "reserve", "ship"]
    reserve = steps["reserve"]
    counts = {"completed": 1, "failed": 0, "skipped": 0, "retried": 0, "undone": 1, "undo_failed": 0}
    assert {name: reserve[name] for name in counts} == counts
    assert reserve["p50_ms"] == reserve["p95_ms"] > 0
    assert (steps["ship"]["failed"], steps["ship"]["p50_ms"]) == (1, None)
    assert viewer.get("/api/v1/workflows/order/versions/9/figures").status_code == 404
    assert Client().get(address).status_code == 401


def test_the_figures_of_steps_in_bodies_stand_behind_those_of_the_step_around(run_here: RunHere) -> None:
    body = Body((step("z"), step("a")), (Edge("z", "a"),))
    run_here(chain(step("first"), Step("pack", kind="group", body=body), step("last"), name="packing"))
    while counters.tally_once():
        pass
    page = client_of("vera", "viewer").get("/workflows/packing/").content.decode()
    rows = re.findall(
        r'<th scope="row">([^<]+)</th>', page.partition('id="figures"')[2].partition("</table>")[0]
    )
    assert rows == ["first", "pack", "pack/z", "pack/a", "last"]

"""How many runs of a workflow are under way, and how many begin in a time: order, room, and faults."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.urls import reverse

from designer.document.flow import Concurrency, Rate
from designer.document.graph import Graph
from runs.delivery import queue
from runs.engine import after_commit, engine
from runs.engine.creation import Request
from runs.engine.starting import Started
from runs.errors import BadInput, WorkflowFull
from runs.maintenance.sweep import sweep_due, sweep_once
from runs.models import Line, Place, Run, Trigger
from runs.queries.runs import run_json
from runs.store import reader
from tests.integration.runs.conftest import Publish, chain, step
from tests.integration.runs.triggers.triggering import EVENT, event_trigger, hook_trigger, send
from tests.integration.runs.workers import did
from workers.sdk.outcome import Outcome

DONE = Outcome("succeeded", {})
KEY = "=input.customer"

pytestmark = pytest.mark.rule("R11.5")


def customers(limit: int = 1, **fields: Any) -> Graph:
    return chain(step("a"), step("b"), concurrency=Concurrency(limit, KEY, **fields))


def start(version: Any, *names: str) -> list[Run]:
    with queue.collect_dispatches():
        return [engine.start_run(version, {"customer": name}) for name in names]


def statuses(*runs: Run) -> list[str]:
    found = dict(Run.objects.in_bulk([run.pk for run in runs]))
    return [found[run.pk].status for run in runs]


def carry_out(run: Run) -> None:
    """Carries out the steps of a run, and nothing of any other."""
    with queue.collect_dispatches():
        for name in ("a", "b"):
            claimed = engine.claim(run.pk, name, 1, "here")
            assert claimed is not None
            engine.report(claimed, DONE)


def test_runs_begin_in_the_order_of_their_arrival_one_after_the_other_by_key(publish: Publish) -> None:
    version = publish(customers())
    ann, ann_2, bob, ann_3 = start(version, "ann", "ann", "bob", "ann")
    assert statuses(ann, ann_2, bob, ann_3) == ["running", "pending", "running", "pending"]
    carry_out(ann)
    assert statuses(ann_2, ann_3) == ["running", "pending"]
    carry_out(ann_2)
    carry_out(ann_3)
    carry_out(bob)
    assert statuses(ann, ann_2, ann_3, bob) == ["completed"] * 4
    assert not Place.objects.exists() and not Line.objects.exists(), "nothing is left of the lines"


def test_a_run_that_waits_is_passed_over_by_nobody_who_comes_later(publish: Publish) -> None:
    version = publish(customers())
    first, second = start(version, "ann", "ann")
    with queue.collect_dispatches():
        engine.cancel_run(first.pk, "abandon")
    assert statuses(second) == ["running"]


def test_a_waiting_run_can_be_cancelled_and_leaves_its_place(publish: Publish) -> None:
    version = publish(customers())
    first, second, third = start(version, "ann", "ann", "ann")
    engine.cancel_run(second.pk)
    assert statuses(first, second, third) == ["running", "cancelled", "pending"]
    carry_out(first)
    assert statuses(third) == ["running"]
    assert engine.claim(second.pk, "a", 1, "here") is None and did == []


def test_the_sweep_begins_what_a_lost_process_left(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    version = publish(customers())
    first, second = start(version, "ann", "ann")
    with monkeypatch.context() as patched:
        patched.setattr(after_commit, "_move_line", lambda unit: None)
        carry_out(first)
        assert statuses(first, second) == ["completed", "pending"]
    with queue.collect_dispatches():
        sweep_once()
    assert statuses(second) == ["running"]


def test_skip_starts_nothing_and_says_so(publish: Publish) -> None:
    version = publish(customers(when_full="skip"))
    (first,) = start(version, "ann")
    with pytest.raises(WorkflowFull, match='1 run is under way of sample with the key "ann"'):
        start(version, "ann")
    results = engine.start_fitting([Request(version, {"customer": name}, {}) for name in ("ann", "bob")])
    assert isinstance(results[0], WorkflowFull) and isinstance(results[1], Started)
    with pytest.raises(WorkflowFull):
        engine.start_runs([Request(version, {"customer": name}, {}) for name in ("cid", "ann")])
    assert Run.objects.count() == 2, "of a list all, or none"
    carry_out(first)
    start(version, "ann")


def test_cancel_oldest_undoes_the_oldest_and_then_begins_the_new_one(publish: Publish) -> None:
    version = publish(customers(when_full="cancel_oldest"))
    first, second, third = start(version, "ann", "ann", "ann")
    assert statuses(first, second, third) == ["cancelled", "cancelled", "running"]
    with queue.collect_dispatches():
        claimed = engine.claim(third.pk, "a", 1, "here")
        assert claimed is not None
        engine.report(claimed, DONE)
    (fourth,) = start(version, "ann")
    assert statuses(third, fourth) == ["compensating", "pending"], "its effect is undone first"
    with queue.collect_dispatches():
        undo = engine.claim(third.pk, "a", 2, "here")
        assert undo is not None
        engine.report(undo, DONE)
    assert statuses(third, fourth) == ["cancelled", "running"]


def test_a_waiting_run_says_how_many_are_before_it(publish: Publish, viewer: Client) -> None:
    runs = start(publish(customers()), "ann", "ann", "bob", "ann")
    assert run_json(runs[3])["turn"] == {"key": "ann", "before": 1}
    assert run_json(runs[0])["turn"] is None
    shown = viewer.get(reverse("run-detail", args=[runs[3].pk])).content.decode()
    assert "Waits for its turn" in shown and "1 run of sample before it" in shown


def test_triggers_and_the_api_are_told_of_a_full_workflow(publish: Publish, operator: Client) -> None:
    version = publish(customers(when_full="skip"))
    start(version, "ann")
    answer = operator.post(
        "/api/v1/workflows/sample/runs", {"input": {"customer": "ann"}}, content_type="application/json"
    )
    assert answer.status_code == 409 and "as many as may be" in answer.json()["detail"]
    hook, address = hook_trigger(version.workflow)
    answer = Client().post(address, {"customer": "ann"}, content_type="application/json")
    assert answer.status_code == 200 and answer.json()["run"] is None and "skipped" in answer.json()
    event = event_trigger(version.workflow)
    answer = send(operator, EVENT | {"data": {"customer": "ann"}})
    assert answer.status_code == 200 and answer.json()["refused"][0]["code"] == "workflow_full"
    passed_over = Trigger.objects.in_bulk([hook.pk, event.pk])
    assert [found.passed_over for found in passed_over.values()] == [1, 1]


def test_a_key_that_the_input_does_not_give_is_refused(publish: Publish) -> None:
    with pytest.raises(BadInput, match="key of its line"):
        engine.start_run(publish(customers()), {})
    assert not Run.objects.exists() and not Line.objects.exists()


def test_child_runs_and_trials_stand_in_no_line(publish: Publish) -> None:
    """A parent waits for its child; a child that waited for its parent's end would wait for ever."""
    version = publish(chain(step("a"), name="inner", concurrency=Concurrency(1)))
    outer = publish(chain(step("x", kind="workflow", worker=None, compensation=None, workflow="inner")))
    with queue.collect_dispatches():
        own = engine.start_run(version, {})
        parent = engine.start_run(outer, {})
        trial = engine.start_run(version, {}, trial=True)
    child = Run.objects.get(parent=parent)
    assert statuses(own, child, trial) == ["running", "running", "running"]


@pytest.mark.rule("R11.6")
def test_a_rate_delays_what_comes_too_soon(publish: Publish) -> None:
    version = publish(chain(step("a"), step("b"), rate=Rate(2, 60)))
    runs = start(version, "ann", "bob", "cid")
    assert statuses(*runs) == ["running", "running", "pending"]
    for run in runs[:2]:
        carry_out(run)
    assert statuses(runs[2]) == ["pending"], "however soon the others end"
    line = Line.objects.get()
    assert line.due_at is not None
    Place.objects.filter(begun_at__isnull=False).update(begun_at=reader.now() - timedelta(seconds=61))
    Line.objects.update(due_at=reader.now())
    with queue.collect_dispatches():
        sweep_due()
    assert statuses(runs[2]) == ["running"]


@pytest.mark.rule("R11.6")
@pytest.mark.parametrize("at_once", [True, False])
def test_a_rate_lets_the_next_one_in_though_no_run_ends(publish: Publish, at_once: bool) -> None:
    version = publish(chain(step("a"), step("b"), rate=Rate(2, 60)))
    with queue.collect_dispatches():
        if at_once:
            runs = [it.run for it in engine.start_runs([Request(version, {}, {})] * 3)]
        else:
            runs = [engine.start_run(version, {}) for _ in range(3)]
        assert statuses(*runs) == ["running", "running", "pending"]
        sweep_due()
        assert statuses(runs[2]) == ["pending"]
        minute = timedelta(seconds=61)
        Place.objects.filter(begun_at__isnull=False).update(begun_at=F("begun_at") - minute)
        Line.objects.update(due_at=F("due_at") - minute)
        sweep_due()
    assert statuses(*runs) == ["running"] * 3


def test_the_timeout_of_a_run_counts_from_its_start(publish: Publish) -> None:
    version = publish(chain(step("a"), timeout=60, concurrency=Concurrency(1)))
    first, second = start(version, "ann", "ann")
    assert Run.objects.get(pk=second.pk).due_at is None
    with queue.collect_dispatches():
        engine.cancel_run(first.pk, "abandon")
    assert Run.objects.get(pk=second.pk).due_at is not None


def test_a_run_that_ends_at_once_lets_the_next_one_in(publish: Publish) -> None:
    over = step("w", kind="wait", worker=None, compensation=None, seconds=0)
    version = publish(chain(over, concurrency=Concurrency(1)))
    with queue.collect_dispatches():
        runs = [engine.start_run(version, {}) for _ in range(3)]
    assert statuses(*runs) == ["completed"] * 3


ORDERED = "SELECT id FROM runs_place WHERE line_id = 1 AND begun_at IS NULL AND ended_at IS NULL"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by the size of the table")
@pytest.mark.parametrize(
    ("query", "index"),
    [
        (f"{ORDERED} ORDER BY turn_at, id LIMIT 1", "place_waiting"),
        (
            "SELECT COUNT(*) FROM runs_place WHERE line_id = 1 AND begun_at IS NOT NULL AND ended_at IS NULL",
            "place_",
        ),
        ("SELECT line_id FROM runs_place WHERE ended_at IS NOT NULL AND NOT is_settled", "place_to_settle"),
        ("SELECT run_id FROM runs_place WHERE is_leaving AND ended_at IS NULL", "place_leaving"),
    ],
)
def test_who_is_next_is_found_by_an_index_however_many_wait(query: str, index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {query}")
        plan = " ".join(str(row[-1]) for row in cursor.fetchall())
    assert index in plan and "TEMP B-TREE" not in plan, plan


def test_many_waiting_runs_cost_the_next_one_nothing(publish: Publish) -> None:
    version = publish(chain(step("a"), step("b"), concurrency=Concurrency(1)))
    with queue.collect_dispatches():
        first = engine.start_run(version, {})
        for _ in range(3):
            engine.start_runs([Request(version, {}, {}) for _ in range(1_000)])
    waiting = Place.objects.filter(begun_at=None).order_by("pk").values_list("run_id", flat=True)
    order = list(waiting[:3])
    counts = []
    for run_id in (first.pk, *order[:2]):
        counter = Counter()
        with connection.execute_wrapper(counter):
            carry_out(Run(pk=run_id))
        counts.append(counter.count)
    assert counts[0] == counts[1] == counts[2]
    assert Run.objects.get(pk=order[2]).status == "running"


class Counter:
    """Counts the statements about lines."""

    count = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.count += len(re.findall(r"runs_(?:place|line)", sql)) > 0
        return execute(sql, params, many, context)

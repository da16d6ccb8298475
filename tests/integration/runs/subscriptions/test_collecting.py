"""What subscriptions are told of: each event once, whoever looks, and nothing that they are not for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from designer.document.graph import Edge, Graph
from designer.models import Folder, Workflow
from designer.services import folder_rights
from designer.services.folder_rights import Names
from runs.engine import engine
from runs.interventions import service as interventions
from runs.interventions.service import Reply
from runs.maintenance.sweep import sweep_due
from runs.models import Approval, Delivery, Intervention, Run, Subscription, WorkerProcess
from runs.statistics.counters import tally_once
from runs.store import reader
from runs.subscriptions import collecting, sources
from runs.subscriptions.collecting import KEPT, KEPT_MAX, look, note_ends, tend
from tests.integration.runs.conftest import Publish, RunHere, chain, step
from tests.integration.runs.subscriptions.conftest import Subscribe, collect, told, work
from tests.people import person

ENDS = ("run.completed", "run.failed", "run.compensated", "run.cancelled")


def only() -> dict[str, Any]:
    payload: dict[str, Any] = Delivery.objects.get().payload
    return payload


def test_ends_of_runs_are_told_once(subscribe: Subscribe, run_here: RunHere, order: Graph) -> None:
    subscribe(*ENDS)
    run = run_here(order, faults={"ship": "critical"})
    collect()
    collect()
    payload = only()
    assert payload["type"] == "run.compensated" and payload["id"].startswith("msg_")
    data = payload["data"]
    assert (data["run"], data["workflow"], data["status"], data["step"]) == (
        str(run.pk), "order", "compensated", "ship",
    )  # fmt: skip
    assert data["error"]["code"] and data["url"] == f"https://board.example.org/runs/{run.pk}/"
    assert "input" not in data and "output" not in data


def test_an_end_is_told_in_the_transaction_that_counts_it(
    subscribe: Subscribe, run_here: RunHere, order: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe("run.completed")
    run_here(order)

    def fails(*args: Any) -> None:
        note_ends(*args)
        assert told() == ["run.completed"]
        raise OSError

    with pytest.raises(OSError):
        tally_once(fails)
    assert told() == []
    assert tally_once(note_ends) == 1 and tally_once(note_ends) == 0
    assert told() == ["run.completed"]


def test_a_run_that_is_undone_after_its_end_has_two_ends(
    subscribe: Subscribe, run_here: RunHere, order: Graph
) -> None:
    subscribe(*ENDS)
    run = run_here(order)
    collect()
    engine.roll_back(run.pk)
    while work():
        collect()
    assert told() == ["run.completed", "run.compensated"]


def test_questions_are_told_when_they_open_are_due_and_are_answered(
    subscribe: Subscribe, run_here: RunHere, order: Graph
) -> None:
    subscribe("intervention.opened", "intervention.overdue", "intervention.answered", "run.blocked")
    stuck = run_here(order, faults={"ship": "critical", "undo_charge": True})
    collect()
    collect()
    assert sorted(told()) == ["intervention.opened", "run.blocked"]
    intervention = stuck.interventions.get()
    data = Delivery.objects.get(type="intervention.opened").payload["data"]
    assert data["intervention"] == intervention.pk and data["kind"] == "compensation_failed"
    assert data["url"].endswith(f"/admin/runs/intervention/{intervention.pk}/change/")
    Subscription.objects.update(since=reader.now() - timedelta(minutes=1))
    Intervention.objects.update(due_at=reader.now() - timedelta(seconds=1))
    collect()
    collect()
    assert told().count("intervention.overdue") == 1
    interventions.answer(intervention.pk, Reply("abandon", "No use."), "olga")
    collect()
    collect()
    assert told().count("intervention.answered") == 1 and len(told()) == 4
    assert Delivery.objects.get(type="intervention.answered").payload["data"]["answered_by"] == "olga"


def test_one_that_opens_and_is_answered_between_two_looks_is_told_of(
    subscribe: Subscribe, run_here: RunHere, order: Graph
) -> None:
    subscribe("intervention.opened")
    stuck = run_here(order, faults={"ship": "critical", "undo_charge": True})
    interventions.answer(stuck.interventions.get().pk, Reply("abandon", "No use."), "olga")
    collect()
    assert told() == ["intervention.opened"]


def approving(**fields: Any) -> Graph:
    boss = step("boss", kind="approval", worker=None, compensation=None, message="May it?", **fields)
    return Graph("paper", steps=(boss, step("publish")), edges=(Edge("boss", "publish"),))


def test_approvals_are_told_when_they_wait_and_when_nobody_answers(
    subscribe: Subscribe, publish: Publish
) -> None:
    subscribe("approval.waiting", "approval.overdue")
    run = engine.start_run(publish(approving(timeout=3_600.0)), {})
    collect()
    collect()
    assert told() == ["approval.waiting", "approval.overdue"]
    overdue = Delivery.objects.get(type="approval.overdue")
    assert overdue.due_at and overdue.due_at > reader.now() + timedelta(minutes=50)
    Delivery.objects.filter(pk=overdue.pk).update(due_at=reader.now())
    collect()
    work()
    overdue.refresh_from_db()
    assert overdue.status == "delivered" and overdue.payload["data"]["run"] == str(run.pk)


def test_an_approval_that_was_answered_in_time_is_not_overdue(subscribe: Subscribe, publish: Publish) -> None:
    subscribe("approval.overdue")
    run = engine.start_run(publish(approving(timeout=3_600.0)), {})
    collect()
    engine.approve(run.pk, "boss", True, "olga")
    Delivery.objects.update(due_at=reader.now())
    collect()
    work()
    assert told() == []


def test_an_approval_that_its_time_decided_is_overdue(subscribe: Subscribe, publish: Publish) -> None:
    subscribe("approval.overdue")
    run = engine.start_run(publish(approving(timeout=0.01, on_timeout="reject")), {})
    look(reader.now())
    while Approval.objects.exists():
        sweep_due()
    collect()
    work()
    assert Delivery.objects.get().status == "delivered" and only()["data"]["run"] == str(run.pk)


def test_a_subscription_gets_what_it_is_for(subscribe: Subscribe, run_here: RunHere, order: Graph) -> None:
    subscribe("run.completed", name="other", workflow="order")
    subscribe("run.failed", name="failures")
    subscribe("run.completed", name="big", when='event.data.workflow == "paper"')
    subscribe("run.completed", name="broken", when='event.data.error.code == "x"')
    run_here(chain(step("a"), name="another"))
    run_here(order)
    collect()
    names = Delivery.objects.order_by("pk").values_list("subscription__name", "payload__data__workflow")
    assert sorted(names) == [("broken", "another"), ("broken", "order"), ("other", "order")]
    assert "The condition failed, so it was told" in Subscription.objects.get(name="broken").problem


def test_one_to_all_workflows_is_told_nothing_of_a_closed_folder(
    subscribe: Subscribe, run_here: RunHere, order: Graph
) -> None:
    subscribe("run.compensated", "failures.repeated", name="all", failures_n=2)
    subscribe("run.compensated", "failures.repeated", name="own", workflow="order", failures_n=2)
    folder = Folder.objects.create(name="closed")
    Workflow.objects.filter(name="order").update(folder=folder)
    folder_rights.give(folder, {"view": Names(people=(person("ann").username,))}, None)
    for _ in range(2):
        run_here(order, faults={"ship": "critical"})
    collect()
    names = Delivery.objects.values_list("subscription__name", "type")
    assert sorted(names) == [("own", "failures.repeated"), *[("own", "run.compensated")] * 2]


def test_what_happened_before_is_not_told(
    subscribe: Subscribe, run_here: RunHere, order: Graph, stuck: Run
) -> None:
    run_here(order)
    subscribe(*ENDS, "intervention.opened", "run.blocked", "failures.repeated", failures_n=2)
    collect()
    assert told() == []


def test_trials_and_imported_runs_are_not_told(subscribe: Subscribe, run_here: RunHere, order: Graph) -> None:
    subscribe(*ENDS, "intervention.opened", "run.blocked")
    run_here(order, faults={"ship": "critical", "undo_charge": True})
    run_here(order)
    Run.objects.update(trial=True)
    collect()
    assert told() == []
    Run.objects.update(trial=False, imported={"by": "ada"})
    collect()
    assert told() == []


def test_what_becomes_visible_late_is_told_and_two_lookers_tell_once(
    subscribe: Subscribe, run_here: RunHere, order: Graph
) -> None:
    subscription = subscribe("intervention.opened")
    Subscription.objects.update(since=reader.now() - timedelta(hours=1))
    stuck = run_here(order, faults={"ship": "critical", "undo_charge": True})
    stuck.interventions.update(opened_at=reader.now() - timedelta(seconds=50))
    found = list(collecting.enabled())
    assert look(reader.now()) == 1
    events, _ = sources.interventions_opened(subscription.since, reader.now())
    collecting.tell(found[0], events, reader.now())
    assert look(reader.now()) == 0 and told() == ["intervention.opened"]


def test_more_than_one_look_reads_is_told_by_the_next_ones(
    subscribe: Subscribe, run_here: RunHere, order: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe("intervention.opened")
    Subscription.objects.update(
        since=reader.now() - timedelta(days=1), looked_until=reader.now() - timedelta(days=1)
    )
    for hours in (20, 15, 10, 5, 1):
        stuck = run_here(order, faults={"ship": "critical", "undo_charge": True})
        stuck.interventions.update(opened_at=reader.now() - timedelta(hours=hours))
    monkeypatch.setattr(sources, "ROWS_MAX", 2)
    assert [look(reader.now()) for _ in range(6)] == [2, 1, 1, 1, 0, 0]


def test_failures_of_one_cause_are_told_once(subscribe: Subscribe, run_here: RunHere, order: Graph) -> None:
    subscribe("failures.repeated", failures_n=3)
    for _ in range(2):
        run_here(order, faults={"ship": "critical"})
    collect()
    assert told() == []
    for _ in range(3):
        run_here(order, faults={"ship": "critical"})
        collect()
    payload = only()
    assert payload["data"]["count"] == 3 and len(payload["data"]["runs"]) == 3
    Run.objects.update(finished_at=reader.now() - timedelta(minutes=11))
    collect()
    for _ in range(3):
        run_here(order, faults={"ship": "critical"})
    collect()
    assert told() == ["failures.repeated"] * 2


def test_a_fleet_that_is_gone_is_told_once(subscribe: Subscribe) -> None:
    subscribe("workers.none", "queue.stalled")
    now = reader.now()
    for seconds in (0, 70, 140):
        look(now + timedelta(seconds=seconds))
    assert told() == ["workers.none"]
    WorkerProcess.objects.create(id="a", host="h", pid=1, started_at=now, seen_at=reader.now())
    for seconds in (200, 300):
        look(now + timedelta(seconds=seconds))
    WorkerProcess.objects.all().delete()
    for seconds in (400, 500):
        look(now + timedelta(seconds=seconds))
    assert told() == ["workers.none"] * 2


def test_a_queue_that_stands_still_is_told_once(
    subscribe: Subscribe, run_here: RunHere, order: Graph
) -> None:
    subscribe("queue.stalled")
    engine.start_run(run_here(order).version, {})
    now = reader.now()
    for seconds in (0, 60, 130, 200):
        look(now + timedelta(seconds=seconds))
    payload = only()
    assert payload["data"]["queue"] == "default" and payload["data"]["waiting"] == 1


def test_without_a_subscription_a_look_is_one_query(subscribe: Subscribe) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        look(reader.now())
    assert len(queries) == 1


def test_ended_deliveries_are_kept_by_age_and_number(subscribe: Subscribe) -> None:
    subscription = subscribe("run.completed")
    now = reader.now()

    def made(count: int, age: timedelta, status: str) -> None:
        Delivery.objects.bulk_create(
            Delivery(
                subscription=subscription, key=f"{status} {age} {number}", type="run.completed", payload={},
                status=status, created_at=now - age,
            )
            for number in range(count)
        )  # fmt: skip

    made(2, KEPT + timedelta(hours=1), "delivered")
    made(2, KEPT + timedelta(hours=1), "pending")
    made(KEPT_MAX + 3, timedelta(hours=1), "delivered")
    made(4, timedelta(minutes=1), "delivered")
    tend(subscription, now)
    left = Delivery.objects.values_list("status", "created_at")
    assert sum(status == "pending" for status, _ in left) == 2
    assert sum(at == now - timedelta(minutes=1) for _, at in left) == 4
    assert sum(at == now - timedelta(hours=1) for _, at in left) == KEPT_MAX

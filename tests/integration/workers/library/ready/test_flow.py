"""`publish_event`, `start_workflow` and `roll_back_run`: each once, and undone with what they began."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from designer.services import workflows
from designer.services.queries import get_version
from runs.engine import engine
from runs.models import Run
from runs.queries.run_page import run_value
from runs.triggers import service
from runs.triggers.spec import TriggerSpec
from tests.integration.runs.engine.test_children import work
from tests.stock import stock_shelves
from workers.cli.local_run import start_and_run
from workers.library.flow.workers import publish_event, roll_back_run, start_workflow
from workers.library.shop.models import Payment, Product, Reservation
from workers.testing import call, fake_step, outcome_of

ORDER = {"order_items": [{"sku": "TEA-001", "quantity": 2}], "customer": "ann@example.org"}
CHILD = {
    "schema": 1,
    "name": "deliver",
    "input_schema": {"type": "object", "required": ["order_items"]},
    "steps": [
        {"name": "reserve", "worker": "reserve_inventory"},
        {"name": "charge", "worker": "charge_payment"},
    ],
    "edges": [{"from": "reserve", "to": "charge"}],
}
ORDERS = {
    "schema": 1,
    "name": "orders",
    "steps": [
        {"name": "start", "worker": "start_workflow", "params": {"workflow": "deliver", "input": "=input"}},
        {
            "name": "check",
            "worker": "validate_json",
            "params": {"data": "=input.good", "schema": {"const": True}},
        },
    ],
    "edges": [{"from": "start", "to": "check"}],
}


@pytest.fixture(autouse=True)
def shop(redis_client: Redis, transactional_db: None) -> None:
    stock_shelves(Product)
    for document in (CHILD, ORDERS):
        workflows.import_document(document, publish=True)


def carried_out(name: str, input: dict[str, Any]) -> Run:
    *_, run = start_and_run(get_version(name), input, None)
    run.refresh_from_db()
    return run


def start(key: str = "run-1:start", **params: Any) -> Any:
    given = {"workflow": "deliver", "input": ORDER, **params}
    return call(start_workflow, params=given, step=fake_step(idempotency_key=key))


def undo(key: str = "run-1:start", **context: Any) -> Any:
    return call(roll_back_run, context, step=fake_step(idempotency_key=key))


def refusal(worker: Any, **params: Any) -> Any:
    outcome = outcome_of(worker, params=params)
    assert outcome.failure and outcome.kind == "failed"
    return outcome


# --- starting runs ---


def test_a_run_is_started_once_by_all_attempts() -> None:
    first, second = start(labels={"of": "ann"}, priority=7), start(labels={"of": "ann"}, priority=7)
    assert first == second
    run = Run.objects.get()
    assert first == {"run_id": str(run.pk), "workflow": "deliver", "version": 1}
    assert (run.labels, run_value(run, "input")) == ({"of": "ann"}, ORDER)
    assert start("run-2:start")["run_id"] != first["run_id"]


def test_a_stated_version_is_started() -> None:
    workflows.import_document({**CHILD, "title": "Two"}, publish=True)
    assert (start("a:a")["version"], start("b:b", version=1)["version"]) == (2, 1)


@pytest.mark.parametrize(
    ("params", "code", "says"),
    [
        ({"workflow": "nowhere"}, "unknown_workflow", "'nowhere'"),
        ({"workflow": "deliver", "version": 9}, "unknown_workflow", "version 9"),
        ({"workflow": "deliver"}, "bad_input", "'order_items' is a required property"),
        ({"workflow": "deliver", "priority": 10}, "bad_params", "priority"),
    ],
)
def test_what_cannot_be_started_says_why(params: dict[str, Any], code: str, says: str) -> None:
    outcome = refusal(start_workflow, **params)
    assert (outcome.failure.code, outcome.retryable) == (code, False)
    assert says in outcome.failure.message
    assert not Run.objects.exists()


def test_a_full_workflow_is_tried_again_later() -> None:
    full = {**CHILD, "name": "one", "concurrency": {"limit": 1, "when_full": "skip"}}
    workflows.import_document(full, publish=True)
    start("a:a", workflow="one")
    outcome = refusal(start_workflow, workflow="one", input=ORDER)
    assert (outcome.failure.code, outcome.retryable) == ("workflow_full", True)


# --- undoing that ---


def test_a_rollback_undoes_the_runs_that_were_started() -> None:
    good = carried_out("orders", {**ORDER, "good": True})
    assert good.status == "completed"
    assert Run.objects.get(workflow_name="deliver").status == "completed"
    bad = carried_out("orders", {**ORDER, "good": False})
    assert bad.status == "compensated" and bad.left == 0
    undone = Run.objects.exclude(pk__in=[good.pk, bad.pk]).order_by("created_at").last()
    assert undone and undone.status == "compensated"
    assert list(Payment.objects.order_by("pk").values_list("status", flat=True)) == ["charged", "refunded"]


def test_the_undo_waits_until_the_run_is_rolled_back(redis_client: Redis) -> None:
    run = Run.objects.get(pk=start()["run_id"])
    work(redis_client)
    asked = undo(output={"run_id": str(run.pk)})
    assert (asked["status"], asked["run_id"]) == ("retry_needed", str(run.pk))
    work(redis_client)
    assert undo(output={"run_id": str(run.pk)}) == {"run_id": str(run.pk), "run_status": "compensated"}
    assert Payment.objects.get().status == "refunded"


def test_what_cannot_be_undone_asks_for_a_person(redis_client: Redis) -> None:
    steps = [CHILD["steps"][0], {"name": "tell", "worker": "publish_event", "params": {"type": "a"}}]  # type: ignore[index]
    final = {**CHILD, "name": "final", "steps": steps, "edges": [{"from": "reserve", "to": "tell"}]}
    workflows.import_document(final, publish=True)
    start(workflow="final")
    work(redis_client)
    outcome = outcome_of(roll_back_run, direction="undo", idempotency_key="run-1:start")
    while outcome.kind == "retry_needed":
        work(redis_client)
        outcome = outcome_of(roll_back_run, direction="undo", idempotency_key="run-1:start")
    run = Run.objects.get()
    assert (outcome.kind, run.left) == ("intervention", 1)
    assert outcome.failure and "cannot be undone wholly" in outcome.failure.message


def test_the_undo_finds_the_run_although_the_output_is_lost() -> None:
    started = Run.objects.get(pk=start()["run_id"])
    assert undo()["run_id"] == str(started.pk)
    started.refresh_from_db()
    assert started.status not in ("pending", "running", "completed")


def test_the_undo_is_safe_to_run_twice_and_on_nothing() -> None:
    assert undo("never") == {"run_id": None, "run_status": None}
    run = carried_out("orders", {**ORDER, "good": False})
    key = f"{run.pk}:start"
    child = Run.objects.get(workflow_name="deliver")
    for _ in range(2):
        assert undo(key) == {"run_id": str(child.pk), "run_status": "compensated"}


def test_an_attempt_that_comes_after_its_undo_starts_nothing() -> None:
    undo()
    step = {"idempotency_key": "run-1:start"}
    outcome = outcome_of(start_workflow, params={"workflow": "deliver", "input": ORDER}, **step)  # type: ignore[arg-type]
    assert outcome.failure and outcome.failure.code == "undone"
    assert not Run.objects.exists()


def test_an_attempt_that_is_undone_while_it_starts_stops_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    really = engine.start_one

    def slowly(request: Any) -> Any:
        assert undo()["run_id"] is None
        return really(request)

    monkeypatch.setattr(engine, "start_one", slowly)
    outcome = outcome_of(
        start_workflow, params={"workflow": "deliver", "input": ORDER}, idempotency_key="run-1:start"
    )
    assert outcome.failure and outcome.failure.code == "undone"
    run = Run.objects.get()
    assert run.status not in ("pending", "running", "completed")
    assert not Reservation.objects.exists()


# --- events ---


def test_an_event_starts_each_workflow_that_waits_for_it_once() -> None:
    version = get_version("deliver")
    service.create(version.workflow, "event", TriggerSpec(event_type="order.placed"))
    step = fake_step(idempotency_key="run-1:tell")
    params = {"type": "order.placed", "data": ORDER}
    first = call(publish_event, params=params, step=step)
    run = Run.objects.get()
    assert first["runs"] == [{"workflow": "deliver", "run_id": str(run.pk)}]
    assert (first["taken"], first["refused"]) == (0, [])
    assert call(publish_event, params=params, step=step) == first
    assert Run.objects.count() == 1


def test_an_event_wakes_the_steps_that_wait_for_it() -> None:
    waiting = {
        "schema": 1,
        "name": "waiting",
        "steps": [{"name": "wait", "kind": "wait", "event": "order.paid"}],
    }
    workflows.import_document(waiting, publish=True)
    run = engine.start_run(get_version("waiting"), {})
    assert call(publish_event, params={"type": "order.paid"})["taken"] == 1
    run.refresh_from_db()
    assert run.status == "completed"


def test_an_event_that_nobody_waits_for_is_no_error() -> None:
    output = call(publish_event, params={"type": "nobody.cares"})
    assert (output["runs"], output["taken"], output["refused"]) == ([], 0, [])


def test_workflows_that_refuse_an_event_are_named() -> None:
    service.create(get_version("deliver").workflow, "event", TriggerSpec(event_type="order.placed"))
    [refused] = call(publish_event, params={"type": "order.placed"})["refused"]
    assert (refused["workflow"], refused["code"]) == ("deliver", "bad_input")
    assert refusal(publish_event, type="two words").failure.code == "bad_params"

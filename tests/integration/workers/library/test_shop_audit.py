"""`shop_audit`: what holds after good and undone orders, and that each broken invariant is named."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from designer.models import Workflow, WorkflowVersion
from runs.models import Intervention, Run, StepRun
from tests.integration.workers.library.conftest import Order
from workers.library.shop.inventory import release_inventory, reserve_inventory
from workers.library.shop.models import Payment, Product, Shipment
from workers.library.shop.payments import charge_payment, refund_payment
from workers.library.shop.shipping import cancel_shipment, create_shipment, send_confirmation

FORWARD = (reserve_inventory, charge_payment, create_shipment, send_confirmation)
UNDO = {
    charge_payment: refund_payment,
    create_shipment: cancel_shipment,
    reserve_inventory: release_inventory,
}


def audit(code: int = 0) -> dict[str, Any]:
    """The audit's document; `code` is the exit code it must end with."""
    out = io.StringIO()
    try:
        call_command("shop_audit", "--json", stdout=out)
        ended = 0
    except SystemExit as error:
        ended = int(str(error.code))
    assert ended == code, out.getvalue()
    document: dict[str, Any] = json.loads(out.getvalue())
    assert document["ok"] == (code == 0)
    return document


def placed(status: str, steps: int = 4, *, undone: bool = False, workflow: str = "order_processing") -> Order:
    """An order whose run ended with `status` after that many steps, undone in reverse or not."""
    design, _ = Workflow.objects.get_or_create(name=workflow)
    version, _ = WorkflowVersion.objects.get_or_create(
        workflow=design, number=1, defaults={"document": {}, "resolved": {}}
    )
    run = Run.objects.create(
        version=version, workflow_name=workflow, status=status, created_at=timezone.now()
    )
    order = Order(str(run.id))
    done = [(worker, order.do(worker)) for worker in FORWARD[:steps]]
    for worker, output in reversed(done) if undone else ():
        if worker in UNDO:
            order.undo(UNDO[worker], worker.__name__, output)
    return order


def broken(code: int = 1) -> set[str]:
    return {one["invariant"] for one in audit(code)["broken"]}


def test_good_and_undone_orders_hold(shop: None):
    placed("completed")
    for steps in range(4):
        placed("compensated", steps, undone=True)
    placed("failed", 0)
    document = audit()
    assert document["runs"] == 6 and not document["apart"] and not document["broken"]


def test_the_text_names_each_broken_invariant(shop: None, capsys: pytest.CaptureFixture[str]):
    placed("completed")
    call_command("shop_audit")
    assert "every invariant holds (1 runs, 0 of them apart)" in capsys.readouterr().out
    Product.objects.filter(sku="MUG-002").update(stock=5)
    with pytest.raises(SystemExit):
        call_command("shop_audit")
    assert "broken: stock: MUG-002: stock 5 + reserved 0 + shipped 2 = 7, not the initial 100000" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize("status", ["compensated", "failed", "cancelled"])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_an_order_that_did_not_complete_and_left_something_is_broken(shop: None, status: str, steps: int):
    order = placed(status, steps)
    [found] = audit(1)["broken"]
    assert found["invariant"] == "all or nothing" and found["subject"] == order.run_id
    assert status in found["message"]


def test_a_completed_order_that_lacks_something_is_broken(shop: None):
    placed("completed", 3)
    assert "without confirmation" in audit(1)["broken"][0]["message"]


def test_a_completed_order_without_a_trace_is_broken(shop: None):
    placed("completed", 0)
    assert broken() == {"all or nothing"}


def test_another_workflow_need_not_have_everything(shop: None):
    placed("completed", 2, workflow="only_paid")
    assert audit()["ok"]


def test_a_completed_order_that_was_undone_is_broken(shop: None):
    order = placed("completed")
    order.undo(cancel_shipment, "create_shipment")
    assert broken() == {"all or nothing"}


def test_a_refund_that_is_not_the_payment_is_broken(shop: None):
    placed("compensated", undone=True)
    Payment.objects.update(refunded_cents=1)
    assert broken() == {"refund"}


def test_a_shipment_of_an_unpaid_order_is_broken(shop: None):
    order = placed("completed")
    order.undo(refund_payment, "charge_payment")
    assert broken() == {"all or nothing", "shipment"}


def test_a_reservation_without_its_shipment_is_broken(shop: None):
    placed("completed")
    Shipment.objects.update(status="cancelled")
    assert "shipment" in broken()


@pytest.mark.parametrize("status", ["pending", "running", "waiting", "compensating", "blocked"])
def test_runs_that_have_not_ended_are_apart(shop: None, status: str):
    order = placed(status, 2)
    assert audit()["apart"] == [{"run": order.run_id, "reason": f"not ended: {status}"}]


@pytest.mark.parametrize("undo", ["abandoned", "resolved", "failed"])
def test_runs_whose_undo_was_left_to_people_are_apart(shop: None, undo: str):
    order = placed("failed", 2)
    StepRun.objects.create(run_id=order.run_id, name="charge_payment", status="completed", undo=undo)
    assert audit()["apart"] == [{"run": order.run_id, "reason": f"charge_payment: {undo}"}]


@pytest.mark.parametrize(
    "step", [{"status": "completed", "undo": "compensated"}, {"status": "skipped"}, {"status": "failed"}]
)
def test_completed_runs_with_a_step_undone_or_left_out_are_apart(shop: None, step: dict[str, str]):
    order = placed("completed", 3)
    StepRun.objects.create(run_id=order.run_id, name="create_shipment", **step)
    assert [one["run"] for one in audit()["apart"]] == [order.run_id]


def test_runs_that_a_person_answered_by_hand_are_apart(shop: None):
    order = placed("completed", 2)
    Intervention.objects.create(
        run_id=order.run_id, step="create_shipment", kind="step_failed", status="answered",
        opened_seq=1, opened_at=timezone.now(), answer="resolve",
    )  # fmt: skip
    assert audit()["apart"][0]["reason"] == "create_shipment: resolve"


def test_orders_of_no_run_are_apart_but_their_stock_counts(order: Order):
    order.do(reserve_inventory)
    assert audit()["apart"][0]["run"] == "run-1"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE library_product SET initial_stock = 1 WHERE sku = 'TEA-001'")
    assert broken() == {"stock"}

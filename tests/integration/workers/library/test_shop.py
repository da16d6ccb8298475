"""The shop's workers: what an order changes, and that doing, undoing and failing twice is harmless."""

from __future__ import annotations

import pytest

from tests.integration.workers.library.conftest import ITEMS, TOTAL_CENTS, Order
from workers import CriticalFailure
from workers.library.shop.inventory import release_inventory, reserve_inventory, verify_reservation
from workers.library.shop.models import Confirmation, Payment, Product, Reservation, Shipment
from workers.library.shop.payments import charge_payment, refund_payment, verify_payment
from workers.library.shop.shipping import cancel_shipment, create_shipment, send_confirmation, verify_shipment

FORWARD = (reserve_inventory, charge_payment, create_shipment, send_confirmation)


def stock(sku: str = "MUG-002") -> int:
    return Product.objects.get(sku=sku).stock


def test_an_order_reserves_charges_ships_and_confirms(order: Order):
    outputs = [order.do(worker) for worker in FORWARD]
    assert outputs[0]["reserved_items"] == ITEMS and outputs[0]["order_total_cents"] == TOTAL_CENTS
    assert outputs[1]["charged_amount_cents"] == TOTAL_CENTS
    assert outputs[2]["tracking_number"] and outputs[3]["confirmation_sent_to"] == "ada@example.org"
    assert stock() == 100_000 - 2
    assert Reservation.objects.get().status == "shipped"


def test_undone_in_reverse_it_leaves_nothing(order: Order):
    reserved, charged, shipped = (order.do(worker) for worker in FORWARD[:3])
    answers = [
        order.undo(cancel_shipment, "create_shipment", shipped),
        order.undo(refund_payment, "charge_payment", charged),
        order.undo(release_inventory, "reserve_inventory", reserved),
    ]
    assert [answer["status"] for answer in answers] == ["success"] * 3
    assert answers[1]["refunded_amount_cents"] == TOTAL_CENTS
    assert (stock(), Payment.objects.get().status) == (100_000, "refunded")


def test_a_second_attempt_gives_the_same_answer_and_no_second_effect(order: Order):
    first = [order.do(worker) for worker in FORWARD]
    again = [order.do(worker, attempt=2) for worker in FORWARD]
    assert first == again
    assert [model.objects.count() for model in (Reservation, Payment, Shipment, Confirmation)] == [1] * 4
    assert stock() == 100_000 - 2


def test_undoing_twice_gives_the_same_answer_and_no_second_effect(order: Order):
    outputs = [order.do(worker) for worker in FORWARD[:3]]
    for worker, step, output in zip(
        (cancel_shipment, refund_payment, release_inventory),
        ("create_shipment", "charge_payment", "reserve_inventory"),
        reversed(outputs),
        strict=True,
    ):
        assert order.undo(worker, step, output) == order.undo(worker, step, output)
    assert stock() == 100_000
    assert Payment.objects.get().refunded_cents == TOTAL_CENTS


@pytest.mark.parametrize(
    ("undo", "step", "forward"),
    [
        (release_inventory, "reserve_inventory", reserve_inventory),
        (refund_payment, "charge_payment", charge_payment),
        (cancel_shipment, "create_shipment", create_shipment),
    ],
)
def test_undoing_what_never_happened_also_stops_a_late_attempt(order: Order, undo, step, forward):
    for worker in FORWARD[: FORWARD.index(forward)]:
        order.do(worker)
    assert order.undo(undo, step) == {"status": "no_action_needed"}
    assert order.undo(undo, step) == {"status": "no_action_needed"}
    before = stock()
    with pytest.raises(CriticalFailure, match="too late"):
        order.do(forward)
    assert stock() == before


def test_an_effect_that_nobody_heard_of_is_undone_by_its_key(order: Order):
    order.do(reserve_inventory)
    order.call(charge_payment, "charge_payment", order.context)
    assert order.undo(refund_payment, "charge_payment")["status"] == "success"
    assert Payment.objects.get().status == "refunded"


def test_an_undo_never_takes_another_steps_effect(order: Order):
    order.do(reserve_inventory, "reserve_first")
    assert order.undo(release_inventory, "reserve_second") == {"status": "no_action_needed"}
    assert stock() == 100_000 - 2


def test_a_release_as_a_step_of_its_own_goes_by_the_reference(order: Order):
    order.do(reserve_inventory)
    assert order.do(release_inventory)["status"] == "success"
    assert stock() == 100_000


def test_verifications_tell_whether_the_effect_happened(order: Order):
    workers = zip(FORWARD, (verify_reservation, verify_payment, verify_shipment), strict=False)
    for forward, verify in workers:
        name = forward.__name__
        assert order.call(verify, name, order.context) == {"outcome": "not_done"}
        output = order.do(forward)
        assert order.call(verify, name, order.context) == {"outcome": "done", "output": output}


def test_goods_on_their_way_can_not_be_released(order: Order):
    reserved = order.do(reserve_inventory)
    order.do(charge_payment)
    order.do(create_shipment)
    answer = order.undo(release_inventory, "reserve_inventory", reserved)
    assert answer["status"] == "failed" and answer["requires_manual_intervention"] is True
    assert stock() == 100_000 - 2


def test_an_unpaid_order_is_not_shipped(order: Order):
    order.do(reserve_inventory)
    with pytest.raises(CriticalFailure, match="not paid"):
        order.do(create_shipment)
    charged = order.do(charge_payment)
    order.undo(refund_payment, "charge_payment", charged)
    with pytest.raises(CriticalFailure, match="not paid"):
        order.do(create_shipment)
    assert not Shipment.objects.exists() and Reservation.objects.get().status == "held"


def test_nothing_reserved_is_nothing_to_charge(order: Order):
    with pytest.raises(CriticalFailure, match="reserve them first"):
        order.do(charge_payment)
    assert not Payment.objects.exists()


@pytest.mark.parametrize("card", ["4000000000000002", {"number": "4000 0000 0000 0002"}])
def test_a_card_may_be_declined(order: Order, card):
    order.context["card"] = card
    order.do(reserve_inventory)
    with pytest.raises(CriticalFailure, match="declined"):
        order.do(charge_payment)
    assert not Payment.objects.exists()


def test_of_a_card_only_the_last_digits_are_kept(order: Order):
    order.context["card"] = "4242 4242 4242 4242"
    order.do(reserve_inventory)
    order.do(charge_payment)
    assert Payment.objects.get().card_last4 == "4242"


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (None, r"order_items: expected a list like"),
        ([], r"order_items: expected a list like"),
        ({"sku": "MUG-002"}, r"order_items: expected a list like"),
        (["MUG-002"], r"order_items\[0\]: expected"),
        ([{"id": 3, "quantity": 1}], r"order_items\[0\].sku: expected the sku of a product, got None"),
        ([{"sku": "MUG-002"}], r"order_items\[0\].quantity: expected a whole number"),
        (
            [{"sku": "MUG-002", "quantity": 1}, {"sku": "MUG-002", "quantity": -1}],
            r"order_items\[1\].quantity",
        ),
        ([{"sku": "MUG-002", "quantity": 1.5}], r"order_items\[0\].quantity"),
        ([{"sku": "MUG-002", "quantity": True}], r"order_items\[0\].quantity"),
        ([{"sku": "MUG-002", "quantity": 10**9}], r"order_items\[0\].quantity"),
        ([{"sku": "NOPE", "quantity": 1}], "no product 'NOPE'; the shop sells BOOK-003"),
        (
            [{"sku": "TEA-001", "quantity": 1}, {"sku": "MUG-002", "quantity": 200_000}],
            "not enough stock of 'MUG-002'",
        ),
        ([{"sku": "MUG-002", "quantity": 1}] * 101, "101 lines, an order takes 100"),
    ],
)
def test_an_order_that_can_not_be_filled_is_refused_and_changes_nothing(order: Order, items, message):
    order.context["order_items"] = items
    with pytest.raises(CriticalFailure, match=message):
        order.do(reserve_inventory)
    assert not Reservation.objects.exists() and stock("TEA-001") == stock() == 100_000


def test_lines_with_one_sku_are_one_line(order: Order):
    order.context["order_items"] = [{"sku": "MUG-002", "quantity": 1}] * 3
    assert order.do(reserve_inventory)["reserved_items"] == [{"sku": "MUG-002", "quantity": 3}]


@pytest.mark.parametrize(
    ("customer", "recipient"),
    [({"email": "a@b.c", "name": "Ada"}, "a@b.c"), ({"id": 7}, "7"), (None, "customer"), (5, "5")],
)
def test_a_customer_may_be_an_object(order: Order, customer, recipient):
    order.context["customer"] = customer
    assert order.do(send_confirmation)["confirmation_sent_to"] == recipient

"""Many worker processes at once: nothing is sold twice, charged twice or lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum

from tests.integration.workers.library.conftest import Order
from workers import CriticalFailure
from workers.library.shop.inventory import release_inventory, reserve_inventory
from workers.library.shop.models import Payment, Product, Reservation, ReservationLine
from workers.library.shop.payments import charge_payment, refund_payment

THREADS = 8


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """What each call returned or raised, called over several connections at the same time."""

    def outcome(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except CriticalFailure as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(outcome, calls))


def an_order(number: int, items: list[dict[str, Any]]) -> Order:
    return Order(f"run-{number}", {"order_items": items})


def test_the_last_pieces_are_sold_once(shop: None):
    Product.objects.filter(sku="MUG-002").update(stock=10, initial_stock=10)
    orders = [an_order(number, [{"sku": "MUG-002", "quantity": 1}]) for number in range(40)]
    results = at_once([partial(order.do, reserve_inventory) for order in orders])
    assert sum(isinstance(result, dict) for result in results) == 10
    assert Product.objects.get(sku="MUG-002").stock == 0
    assert ReservationLine.objects.aggregate(sold=Sum("quantity"))["sold"] == 10


def test_attempts_of_one_step_at_once_have_one_effect(shop: None):
    order = an_order(1, [{"sku": "MUG-002", "quantity": 1}, {"sku": "TEA-001", "quantity": 1}])
    reserved = at_once([lambda: order.do(reserve_inventory)] * 12)
    charged = at_once([lambda: order.do(charge_payment)] * 12)
    assert all(result == reserved[0] for result in reserved)
    assert all(result == charged[0] for result in charged)
    assert Reservation.objects.count() == Payment.objects.count() == 1
    assert Product.objects.get(sku="MUG-002").stock == 99_999


@pytest.mark.parametrize("round_", range(5))
def test_doing_and_undoing_at_once_leaves_nothing(shop: None, round_: int):
    order = an_order(1, [{"sku": "MUG-002", "quantity": 3}])
    at_once(
        [
            lambda: order.call(reserve_inventory, "reserve", order.context),
            lambda: order.undo(release_inventory, "reserve"),
        ]
        * 4
    )
    assert order.undo(release_inventory, "reserve")["status"] in ("success", "no_action_needed")
    assert Product.objects.get(sku="MUG-002").stock == 100_000


def test_refunds_at_once_give_the_money_back_once(shop: None):
    order = an_order(1, [{"sku": "MUG-002", "quantity": 1}])
    order.do(reserve_inventory)
    charged = order.do(charge_payment)
    answers = at_once([lambda: order.undo(refund_payment, "charge_payment", charged)] * 12)
    assert {answer["status"] for answer in answers} == {"success"}
    payment = Payment.objects.get()
    assert payment.refunded_cents == payment.amount_cents == 1_450

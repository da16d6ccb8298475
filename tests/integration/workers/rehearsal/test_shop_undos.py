"""Every compensation of the shop is examined by the public examiner, in processes that are killed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections

from tests.stock import stock_shelves
from workers.library.shop.books import books
from workers.library.shop.inventory import release_inventory, reserve_inventory
from workers.library.shop.models import Product
from workers.library.shop.payments import charge_payment, refund_payment
from workers.library.shop.shipping import cancel_shipment, create_shipment
from workers.testing import call, examine, fake_step

PAIRS = {
    "reserve_inventory": (reserve_inventory, release_inventory),
    "charge_payment": (charge_payment, refund_payment),
    "create_shipment": (create_shipment, cancel_shipment),
}
ORDER: dict[str, Any] = {"order_items": [{"sku": "MUG-002", "quantity": 2}], "customer": "ada@example.org"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("processes", [False, True])
def test_an_undo_of_the_shop_leaves_the_same_books(name: str, processes: bool) -> None:
    stock_shelves(Product)
    context = dict(ORDER)
    for before, (work, _) in PAIRS.items():
        if before == name:
            break
        context |= call(work, context, step=fake_step(before, idempotency_key=f"run-1:{before}"))
    work, undo = PAIRS[name]
    found = examine(
        work, context, undo=undo, books=books, processes=processes, before_fork=connections.close_all
    )
    assert found.problems == []
    assert len(found.findings) == (7 if processes else 6)

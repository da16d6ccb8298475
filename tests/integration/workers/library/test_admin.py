"""The library's pages in the admin open, and nothing on them changes the books."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from tests.integration.workers.library.conftest import Order
from workers.library.models import Product, Reservation
from workers.library.shop.inventory import reserve_inventory
from workers.library.shop.payments import charge_payment

MODELS = [
    model for model in apps.get_app_config("library").get_models() if model.__name__ != "ReservationLine"
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_each_list_opens(order: Order, admin_client: Client, model: Any):
    order.do(reserve_inventory)
    order.do(charge_payment)
    page = admin_client.get(reverse(f"admin:library_{model._meta.model_name}_changelist"))
    assert page.status_code == 200


def test_rows_are_shown_and_can_not_be_changed(order: Order, admin_client: Client):
    order.do(reserve_inventory)
    reservation = Reservation.objects.get()
    address = reverse("admin:library_reservation_change", args=[reservation.pk])
    assert b"MUG-002" in admin_client.get(address).content
    assert admin_client.post(address, {"status": "released"}).status_code == 403
    assert Reservation.objects.get().status == "held"


def test_a_product_may_be_renamed_but_its_stock_not_touched(order: Order, admin_client: Client):
    product = Product.objects.get(sku="MUG-002")
    address = reverse("admin:library_product_change", args=[product.pk])
    admin_client.post(address, {"name": "Mug", "price_cents": "5", "stock": "1", "initial_stock": "1"})
    product.refresh_from_db()
    assert (product.name, product.price_cents, product.stock, product.initial_stock) == (
        "Mug",
        5,
        100_000,
        100_000,
    )

"""Workers that reserve stock for an order and release it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F

from workers import CriticalFailure, StepHandle, worker
from workers.library.clock import now_text
from workers.library.faults import simulated, simulated_check, simulated_undo
from workers.library.shop.effects import claimed, to_undo
from workers.library.shop.models import Product, Reservation, ReservationLine
from workers.library.shop.orders import OrderLine, order_lines

CATEGORY = "Examples/Shop"
TIMEOUT_S = 10
SKUS_SHOWN_MAX = 10


@worker(
    "reserve_inventory",
    category=CATEGORY,
    timeout=TIMEOUT_S,
    compensation="release_inventory",
    rehearsal="real",
    books="shop_books",
)
@simulated
def reserve_inventory(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    """Takes the ordered products out of stock and holds them for this order.

    Reads `order_items`: a list of {"sku", "quantity"}. Gives `reservation_id`, `reserved_items`,
    `order_total_cents` and `reservation_timestamp`.
    """
    lines = order_lines(context)
    with transaction.atomic():
        reservation, is_new = claimed(Reservation, step)
        if is_new:
            hold(reservation, lines)
        return reservation_output(reservation)


@worker(
    "release_inventory",
    category=CATEGORY,
    timeout=TIMEOUT_S,
    compensation="irreversible",
    rehearsal="real",
    books="shop_books",
)
@simulated_undo
def release_inventory(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    """Puts reserved products back into stock: undoes "Reserve inventory"."""
    with transaction.atomic():
        reservation, is_nothing = to_undo(Reservation, step, context, "reservation_id")
        if is_nothing:
            return {"status": "no_action_needed"}
        if reservation.status == Reservation.Status.SHIPPED:
            return {
                "status": "failed",
                "error": f"the goods of {reservation.reference} are on their way; cancel the shipment first",
                "requires_manual_intervention": True,
                "failed_at": now_text(),
            }
        if reservation.status == Reservation.Status.HELD:
            for line in lines_of(reservation):
                Product.objects.filter(pk=line.product_id).update(stock=F("stock") + line.quantity)
            reservation.status = Reservation.Status.RELEASED
            reservation.save(update_fields=["status", "changed_at"])
    return {
        "status": "success",
        "released_reservation": reservation.reference,
        "release_timestamp": reservation.changed_at,
    }


@worker(
    "verify_reservation",
    category=CATEGORY,
    timeout=TIMEOUT_S,
    compensation="none",
    rehearsal="real",
    books="shop_books",
)
@simulated_check
def verify_reservation(step: StepHandle) -> dict[str, Any]:
    """Says whether this step's reservation was made, when nobody heard of its end."""
    reservation = Reservation.objects.filter(key=step.idempotency_key).exclude(status="void").first()
    if reservation is None:
        return {"outcome": "not_done"}
    return {"outcome": "done", "output": reservation_output(reservation)}


def hold(reservation: Reservation, lines: Sequence[OrderLine]) -> None:
    """Takes the lines out of stock. Raises CriticalFailure if a product is unknown or short.

    The lines are in order of sku, so that two orders lock products in the same order and never wait in a
    cycle.
    """
    products = Product.objects.in_bulk([line.sku for line in lines], field_name="sku")
    for line in lines:
        if line.sku not in products:
            on_sale = ", ".join(Product.objects.values_list("sku", flat=True)[:SKUS_SHOWN_MAX])
            raise CriticalFailure(f"there is no product {line.sku!r}; the shop sells {on_sale}")
        enough = Product.objects.filter(sku=line.sku, stock__gte=line.quantity)
        if not enough.update(stock=F("stock") - line.quantity):
            raise CriticalFailure(f"not enough stock of {line.sku!r} for {line.quantity}")
    ReservationLine.objects.bulk_create(
        ReservationLine(
            reservation=reservation,
            product=products[line.sku],
            quantity=line.quantity,
            unit_price_cents=products[line.sku].price_cents,
        )
        for line in lines
    )


def lines_of(reservation: Reservation) -> list[ReservationLine]:
    return list(reservation.lines.select_related("product").order_by("product__sku"))


def reservation_output(reservation: Reservation) -> dict[str, Any]:
    lines = lines_of(reservation)
    return {
        "reservation_id": reservation.reference,
        "reserved_items": [{"sku": line.product.sku, "quantity": line.quantity} for line in lines],
        "order_total_cents": total_cents(lines),
        "reservation_timestamp": reservation.created_at,
    }


def total_cents(lines: Sequence[ReservationLine]) -> int:
    return sum(line.quantity * line.unit_price_cents for line in lines)

"""Workers that charge an order to its customer and refund it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from workers import CriticalFailure, StepHandle, worker
from workers.library.faults import simulated, simulated_check, simulated_undo
from workers.library.shop.effects import claimed, to_undo
from workers.library.shop.inventory import CATEGORY, TIMEOUT_S, lines_of, total_cents
from workers.library.shop.models import Payment, Product, Reservation
from workers.library.shop.orders import (
    QUANTITY_MAX,
    card_of,
    customer_of,
    is_external,
    reference_number,
)


@worker(
    "charge_payment",
    category=CATEGORY,
    timeout=TIMEOUT_S,
    compensation="refund_payment",
    rehearsal="real",
    books="shop_books",
)
@simulated
def charge_payment(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    """Charges what the reserved products cost, once.

    Reads `reservation_id`, and `customer` and `card` where the order has them (the card
    4000 0000 0000 0002 is declined). Gives `payment_id`, `charged_amount_cents`, `currency` and
    `payment_timestamp`.
    """
    card = card_of(context)
    with transaction.atomic():
        payment, is_new = claimed(Payment, step, customer=customer_of(context), card_last4=card[-4:])
        if is_new:
            payment.amount_cents = amount_due(context)
            payment.save(update_fields=["amount_cents", "changed_at"])
    return payment_output(payment)


@worker(
    "refund_payment",
    category=CATEGORY,
    timeout=TIMEOUT_S,
    compensation="irreversible",
    rehearsal="real",
    books="shop_books",
)
@simulated_undo
def refund_payment(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    """Gives the money of an order back, once: undoes "Charge payment"."""
    with transaction.atomic():
        payment, is_nothing = to_undo(Payment, step, context, "payment_id")
        if is_nothing:
            return {"status": "no_action_needed"}
        if payment.status == Payment.Status.CHARGED:
            Payment.objects.filter(pk=payment.pk, status=Payment.Status.CHARGED).update(
                status=Payment.Status.REFUNDED,
                refunded_cents=F("refunded_cents") + F("amount_cents"),
                changed_at=timezone.now(),
            )
            payment.refresh_from_db()
    return {
        "status": "success",
        "refunded_payment": payment.reference,
        "refunded_amount_cents": payment.refunded_cents,
        "refund_timestamp": payment.changed_at,
    }


@worker(
    "verify_payment",
    category=CATEGORY,
    timeout=TIMEOUT_S,
    compensation="none",
    rehearsal="real",
    books="shop_books",
)
@simulated_check
def verify_payment(step: StepHandle) -> dict[str, Any]:
    """Says whether this step's payment was taken, when nobody heard of its end."""
    payment = Payment.objects.filter(key=step.idempotency_key).exclude(status="void").first()
    if payment is None:
        return {"outcome": "not_done"}
    return {"outcome": "done", "output": payment_output(payment)}


def amount_due(context: dict[str, Any]) -> int:
    """Cents to charge. Raises CriticalFailure if nothing is reserved.

    What another system reserved is charged at the shop's prices; products that the shop does not know cost
    nothing.
    """
    if is_external(context, "reservation_id", Reservation.PREFIX):
        return listed_price(context.get("order_items"))
    number = reference_number(context, "reservation_id", Reservation.PREFIX)
    reservation = Reservation.objects.filter(pk=number, status=Reservation.Status.HELD).first()
    if reservation is None:
        raise CriticalFailure("reservation_id: no products are held for this order; reserve them first")
    return total_cents(lines_of(reservation))


def listed_price(items: Any) -> int:
    lines = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    prices = dict(Product.objects.values_list("sku", "price_cents"))
    total = 0
    for line in lines:
        quantity = line.get("quantity")
        count = quantity if isinstance(quantity, int) and 0 < quantity <= QUANTITY_MAX else 1
        total += prices.get(str(line.get("sku")), 0) * count
    return total


def payment_output(payment: Payment) -> dict[str, Any]:
    return {
        "payment_id": payment.reference,
        "charged_amount_cents": payment.amount_cents,
        "currency": "EUR",
        "payment_timestamp": payment.created_at,
    }

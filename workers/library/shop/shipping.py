"""Workers that ship an order, cancel the shipment, and confirm the order to the customer."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from workers import CriticalFailure, StepHandle, worker
from workers.library.faults import simulated, simulated_check, simulated_undo
from workers.library.shop.effects import claimed, to_undo
from workers.library.shop.inventory import CATEGORY, TIMEOUT_S
from workers.library.shop.models import Confirmation, Payment, Reservation, Shipment
from workers.library.shop.orders import customer_of, is_external, reference_number

TRACKING_DIGITS = 9


@worker(
    "create_shipment",
    category=CATEGORY,
    timeout=TIMEOUT_S,
    compensation="cancel_shipment",
    rehearsal="real",
    books="shop_books",
)
@simulated
def create_shipment(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    """Hands the reserved and paid products to the carrier.

    Reads `reservation_id` and `payment_id`; refuses an order that is not paid. Gives `shipment_id`,
    `tracking_number` and `shipment_timestamp`.
    """
    with transaction.atomic():
        shipment, is_new = claimed(Shipment, step, recipient=customer_of(context))
        if is_new:
            send(shipment, context)
    return shipment_output(shipment)


@worker(
    "cancel_shipment",
    category=CATEGORY,
    timeout=TIMEOUT_S,
    compensation="irreversible",
    rehearsal="real",
    books="shop_books",
)
@simulated_undo
def cancel_shipment(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    """Calls a shipment back, so that its products are held again: undoes "Create shipment"."""
    with transaction.atomic():
        shipment, is_nothing = to_undo(Shipment, step, context, "shipment_id")
        if is_nothing:
            return {"status": "no_action_needed"}
        if shipment.status == Shipment.Status.SHIPPED:
            for reservation in Reservation.objects.select_for_update().filter(shipments=shipment):
                reservation.status = Reservation.Status.HELD
                reservation.save(update_fields=["status", "changed_at"])
            shipment.status = Shipment.Status.CANCELLED
            shipment.save(update_fields=["status", "changed_at"])
    return {
        "status": "success",
        "cancelled_shipment": shipment.reference,
        "cancellation_timestamp": shipment.changed_at,
    }


@worker(
    "verify_shipment",
    category=CATEGORY,
    timeout=TIMEOUT_S,
    compensation="none",
    rehearsal="real",
    books="shop_books",
)
@simulated_check
def verify_shipment(step: StepHandle) -> dict[str, Any]:
    """Says whether this step's shipment left, when nobody heard of its end."""
    shipment = Shipment.objects.filter(key=step.idempotency_key).exclude(status="void").first()
    if shipment is None:
        return {"outcome": "not_done"}
    return {"outcome": "done", "output": shipment_output(shipment)}


@worker(
    "send_confirmation",
    category=CATEGORY,
    timeout=TIMEOUT_S,
    compensation="irreversible",
    rehearsal="real",
    books="shop_books",
)
@simulated
def send_confirmation(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    """Tells the customer that the order is on its way; this can't be taken back.

    Reads `shipment_id` and `customer`. Gives `confirmation_id`, `confirmation_sent_to` and
    `confirmation_timestamp`.
    """
    recipient = customer_of(context) or "customer"
    text = f"Dear {recipient}, your order is on its way: {context.get('shipment_id', 'no shipment')}."
    with transaction.atomic():
        confirmation, _ = claimed(Confirmation, step, recipient=recipient, text=text)
    return {
        "confirmation_id": confirmation.reference,
        "confirmation_sent_to": confirmation.recipient,
        "confirmation_timestamp": confirmation.created_at,
    }


def send(shipment: Shipment, context: dict[str, Any]) -> None:
    """Hands the order to the carrier. Raises CriticalFailure unless its products are held and paid."""
    reservation = held_reservation(context)
    shipment.reservation, shipment.payment = reservation, charged_payment(context)
    shipment.save(update_fields=["reservation", "payment", "changed_at"])
    if reservation is not None:
        reservation.status = Reservation.Status.SHIPPED
        reservation.save(update_fields=["status", "changed_at"])


def held_reservation(context: dict[str, Any]) -> Reservation | None:
    """The reservation, locked; None for one of another system. Raises CriticalFailure if nothing is held."""
    if is_external(context, "reservation_id", Reservation.PREFIX):
        return None
    number = reference_number(context, "reservation_id", Reservation.PREFIX)
    reservation = Reservation.objects.select_for_update().filter(pk=number).first()
    if reservation is None or reservation.status != Reservation.Status.HELD:
        raise CriticalFailure("reservation_id: no products are held for this order; reserve them first")
    return reservation


def charged_payment(context: dict[str, Any]) -> Payment | None:
    """The payment, locked; None for one of another system. Raises CriticalFailure if nothing is charged."""
    if is_external(context, "payment_id", Payment.PREFIX):
        return None
    number = reference_number(context, "payment_id", Payment.PREFIX)
    payment = Payment.objects.select_for_update().filter(pk=number).first()
    if payment is None or payment.status != Payment.Status.CHARGED:
        raise CriticalFailure("payment_id: the order is not paid; charge it first")
    return payment


def shipment_output(shipment: Shipment) -> dict[str, Any]:
    return {
        "shipment_id": shipment.reference,
        "tracking_number": f"SB{shipment.pk:0{TRACKING_DIGITS}d}",
        "shipment_timestamp": shipment.created_at,
    }

"""Audit of the shop: the invariants that hold whatever went wrong in its runs. Reads only.

The caller hands runs in as `RunFacts`. Orders that have not ended, or whose end a person decided, are not
judged by their end but listed apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Sum

from workers.library.shop.models import (
    Confirmation,
    Effect,
    Payment,
    Product,
    Reservation,
    ReservationLine,
    Shipment,
)

SHOP_WORKFLOW = "order_processing"
COMPLETED = "completed"

EFFECTS: tuple[type[Effect], ...] = (Reservation, Payment, Shipment, Confirmation)
STANDING = {"held", "shipped", "charged"}
UNDONE = {"released", "refunded", "cancelled"}


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What the audit reads of a run. `apart` is the reason why it is not judged, or empty."""

    workflow: str
    status: str
    apart: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """An invariant that does not hold. `subject` is a sku, a reference or a run."""

    invariant: str
    subject: str
    message: str


@dataclass
class Order:
    """The effects of one run in the shop."""

    run_id: str
    effects: list[Effect] = field(default_factory=list)

    def of(self, model: type[Effect]) -> list[Any]:
        return [effect for effect in self.effects if isinstance(effect, model)]

    def standing_shipments(self) -> list[Shipment]:
        return [shipment for shipment in self.of(Shipment) if shipment.status == Shipment.Status.SHIPPED]

    def with_status(self, statuses: set[str]) -> list[str]:
        return [effect.reference for effect in self.effects if getattr(effect, "status", "") in statuses]


def orders() -> dict[str, Order]:
    """Returns the orders by run, each with its effects kind by kind, the oldest first."""
    by_run: dict[str, Order] = {}
    for model in EFFECTS:
        for effect in model._default_manager.order_by("id").iterator():
            by_run.setdefault(effect.run_id, Order(effect.run_id)).effects.append(effect)
    return by_run


def broken_stock() -> Iterator[Broken]:
    """Invariant: stock + reserved + shipped = initial stock, of each product."""
    held = quantities(Reservation.Status.HELD)
    shipped = quantities(Reservation.Status.SHIPPED)
    for product in Product.objects.all():
        parts = product.stock, held.get(product.pk, 0), shipped.get(product.pk, 0)
        if sum(parts) != product.initial_stock:
            message = "stock {} + reserved {} + shipped {} = {}, not the initial {}".format(
                *parts, sum(parts), product.initial_stock
            )
            yield Broken("stock", product.sku, message)


def quantities(status: str) -> dict[int, int]:
    lines = ReservationLine.objects.filter(reservation__status=status).order_by()
    sums = lines.values_list("product_id").annotate(quantity=Sum("quantity"))
    return dict(sums)


def broken_payments(order: Order) -> Iterator[Broken]:
    """Invariant: a payment is refunded wholly and once, or not at all."""
    for payment in order.of(Payment):
        is_refunded = payment.status == Payment.Status.REFUNDED
        if payment.refunded_cents != (payment.amount_cents if is_refunded else 0):
            yield Broken(
                "refund",
                payment.reference,
                f"run {order.run_id}: {payment.status}, {payment.refunded_cents} of "
                f"{payment.amount_cents} cents given back",
            )


def broken_shipments(order: Order) -> Iterator[Broken]:
    """Invariant: a shipment belongs to a paid order; a shipped reservation has one shipment, others none."""
    standing = order.standing_shipments()
    charged = {payment.pk for payment in order.of(Payment) if payment.status == Payment.Status.CHARGED}
    for shipment in standing:
        if shipment.payment_id is not None and shipment.payment_id not in charged:
            yield Broken("shipment", shipment.reference, f"run {order.run_id}: stands for an unpaid order")
    for reservation in order.of(Reservation):
        carriers = sum(shipment.reservation_id == reservation.pk for shipment in standing)
        if carriers != (reservation.status == Reservation.Status.SHIPPED):
            message = f"run {order.run_id}: {reservation.status}, with {carriers} standing shipments"
            yield Broken("shipment", reservation.reference, message)


def broken_end(order: Order, run: RunFacts) -> Iterator[Broken]:
    """Invariant: an ended run has left everything (completed) or nothing (any other end)."""
    if run.status == COMPLETED:
        lacking = sorted(missing_kinds(order)) if run.workflow == SHOP_WORKFLOW else []
        problems = [*lacking, *order.with_status(UNDONE)]
        reason = "completed, but without"
    else:
        problems = order.with_status(STANDING)
        reason = f"{run.status}, but left"
    if problems:
        yield Broken("all or nothing", order.run_id, f"run {order.run_id}: {reason} {', '.join(problems)}")


def missing_kinds(order: Order) -> set[str]:
    """Kinds of effects that this order lacks. Those that another system provides are not missing."""
    present = {type(effect).__name__ for effect in order.effects if getattr(effect, "status", "") != "void"}
    for shipment in order.standing_shipments():
        present |= {"Reservation"} if shipment.reservation_id is None else set()
        present |= {"Payment"} if shipment.payment_id is None else set()
    return {model.__name__.lower() for model in EFFECTS if model.__name__ not in present}


def audit(runs: Mapping[str, RunFacts]) -> tuple[list[Broken], dict[str, str]]:
    """Returns the broken invariants, and by run the reason why its order is not judged by its end."""
    known = orders()
    broken, apart = list(broken_stock()), {}
    for run_id, order in known.items():
        run = runs.get(run_id)
        broken += broken_payments(order)
        if run is None:
            apart[run_id] = "no such run: its workers were called by themselves"
        elif run.apart:
            apart[run_id] = run.apart
        else:
            broken += [*broken_shipments(order), *broken_end(order, run)]
    for run_id in runs.keys() - known.keys():
        run = runs[run_id]
        if run.workflow == SHOP_WORKFLOW and run.status == COMPLETED and not run.apart:
            message = f"run {run_id}: completed, but the shop knows nothing of it"
            broken.append(Broken("all or nothing", run_id, message))
    return broken, apart

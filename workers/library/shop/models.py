"""Models of the shop. Each effect carries the idempotency key of the step that made it.

`void` marks a key whose undo came before the work itself (see `workers.library.shop.effects`).
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

KEY_CHARS_MAX = 300


class Product(models.Model):
    """A product. `stock` is the quantity that is neither reserved nor shipped."""

    sku = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    price_cents = models.PositiveIntegerField()
    initial_stock = models.PositiveIntegerField()
    stock = models.IntegerField()

    class Meta:
        ordering = ["sku"]
        constraints = [models.CheckConstraint(condition=Q(stock__gte=0), name="product_stock_not_negative")]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"


class Effect(models.Model):
    """An effect of one step for one order, identified by the step's idempotency key."""

    key = models.CharField(max_length=KEY_CHARS_MAX, unique=True)
    run_id = models.CharField(max_length=64, db_index=True, help_text="The run that is the order.")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    PREFIX = ""

    class Meta:
        abstract = True
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """The number on paper: `PAY-000017`."""
        return f"{self.PREFIX}-{self.pk:06d}"


class Reservation(Effect):
    class Status(models.TextChoices):
        HELD = "held"
        SHIPPED = "shipped"
        RELEASED = "released"
        VOID = "void"

    PREFIX = "RES"
    status = models.CharField(max_length=10, choices=Status, default=Status.HELD)


class ReservationLine(models.Model):
    reservation = models.ForeignKey(Reservation, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    unit_price_cents = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["reservation", "product"], name="reservation_line_unique"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="reservation_line_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"


class Payment(Effect):
    """A charge. `refunded_cents` only grows, so that a second refund would break the constraint."""

    class Status(models.TextChoices):
        CHARGED = "charged"
        REFUNDED = "refunded"
        VOID = "void"

    PREFIX = "PAY"
    status = models.CharField(max_length=10, choices=Status, default=Status.CHARGED)
    customer = models.CharField(max_length=200, blank=True)
    card_last4 = models.CharField(max_length=4, blank=True)
    amount_cents = models.PositiveBigIntegerField(default=0)
    refunded_cents = models.PositiveBigIntegerField(default=0)

    class Meta(Effect.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(refunded_cents__lte=F("amount_cents")), name="payment_refund_within_amount"
            )
        ]


class Shipment(Effect):
    class Status(models.TextChoices):
        SHIPPED = "shipped"
        CANCELLED = "cancelled"
        VOID = "void"

    PREFIX = "SHP"
    status = models.CharField(max_length=10, choices=Status, default=Status.SHIPPED)
    reservation = models.ForeignKey(
        Reservation, null=True, on_delete=models.PROTECT, related_name="shipments"
    )
    payment = models.ForeignKey(Payment, null=True, on_delete=models.PROTECT, related_name="shipments")
    recipient = models.CharField(max_length=200, blank=True)


class Confirmation(Effect):
    """A message to the customer, which cannot be undone."""

    PREFIX = "CNF"
    recipient = models.CharField(max_length=200, blank=True)
    text = models.TextField()

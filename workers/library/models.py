"""All models of the library, where Django looks for them; those of examples are beside their workers."""

from __future__ import annotations

from django.db import models

from config.lib.json_field import JSONField
from workers.library.patterns.models import CountedEvent, EventMetric
from workers.library.shop.models import (
    KEY_CHARS_MAX,
    Confirmation,
    Payment,
    Product,
    Reservation,
    ReservationLine,
    Shipment,
)

__all__ = [
    "Confirmation",
    "CountedEvent",
    "EffectRecord",
    "EventMetric",
    "Payment",
    "Product",
    "Reservation",
    "ReservationLine",
    "Shipment",
]


class EffectRecord(models.Model):
    """What a step of a ready-made worker did, or is about to do (see `workers.library.records`)."""

    key = models.CharField(max_length=KEY_CHARS_MAX, unique=True)
    run_id = models.CharField(max_length=64, db_index=True)
    details = JSONField(default=dict)
    is_undone = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.key

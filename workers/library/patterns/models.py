"""Models of event processing: totals, and the events that are counted in them."""

from __future__ import annotations

from django.db import models

from config.lib.json_field import JSONField
from workers.library.shop.models import KEY_CHARS_MAX

VALUE_CHARS_MAX = 200


class EventMetric(models.Model):
    """Number of events with one value of one dimension, such as `system_error` of `category`."""

    dimension = models.CharField(max_length=20)
    value = models.CharField(max_length=VALUE_CHARS_MAX, blank=True)
    count = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["dimension", "value"]
        constraints = [models.UniqueConstraint(fields=["dimension", "value"], name="event_metric_unique")]

    def __str__(self) -> str:
        return f"{self.dimension} {self.value}: {self.count}"


class CountedEvent(models.Model):
    """The contribution of one step to the totals. A key that was retracted is never counted again."""

    key = models.CharField(max_length=KEY_CHARS_MAX, unique=True)
    run_id = models.CharField(max_length=64)
    event_id = models.CharField(max_length=VALUE_CHARS_MAX)
    values = JSONField(default=dict, help_text="Value by dimension.")
    is_retracted = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.event_id

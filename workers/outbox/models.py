"""The table of the outbox, in the database of the project whose transactions fill it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Exists, OuterRef, Q

WORKFLOW_CHARS_MAX = 63
KEY_CHARS_MAX = 200
GROUP_CHARS_MAX = WORKFLOW_CHARS_MAX + KEY_CHARS_MAX + 1


class State(models.TextChoices):
    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given up"


class StartQuerySet(models.QuerySet["Start"]):
    def due(self, now: Any) -> StartQuerySet:
        """What may be sent now, oldest first: of each group only the oldest that waits."""
        waiting = self.model.objects.filter(state=State.WAITING)
        earlier = waiting.filter(group=OuterRef("group"), pk__lt=OuterRef("pk"))
        return self.unclaimed(now).filter(~Exists(earlier), due_at__lte=now).order_by("pk")

    def unclaimed(self, now: Any) -> StartQuerySet:
        free = Q(claimed_until=None) | Q(claimed_until__lte=now)
        return self.filter(free, state=State.WAITING)


class Start(models.Model):
    """A run to start. `key` is the Idempotency-Key: sent again, it is the same run."""

    workflow = models.CharField(max_length=WORKFLOW_CHARS_MAX)
    key = models.CharField(max_length=KEY_CHARS_MAX)
    group = models.CharField(max_length=GROUP_CHARS_MAX)
    input = models.JSONField(encoder=DjangoJSONEncoder)
    labels = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    give_up_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True, blank=True)
    run = models.CharField(max_length=64, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[Any] = StartQuerySet.as_manager()

    class Meta:
        verbose_name = "start of a run"
        verbose_name_plural = "starts of runs"
        constraints = (models.UniqueConstraint(fields=["workflow", "key"], name="sagaboard_outbox_once"),)
        indexes = (
            models.Index(fields=["state", "due_at"], name="sagaboard_outbox_due"),
            models.Index(fields=["group", "state", "id"], name="sagaboard_outbox_group"),
        )

    def __str__(self) -> str:
        return f"{self.workflow} {self.key}"

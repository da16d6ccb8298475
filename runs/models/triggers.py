"""Triggers, which start runs from outside. No rules: `runs.triggers.service` is the only writer."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from config.accounts.former_people import kept_name, name_of
from config.lib.json_field import JSONField
from designer.document.limits import EVENT_TYPE_LENGTH_MAX, NAME_LENGTH_MAX
from runs.machine.limits import (
    CRON_LENGTH_MAX,
    DELIVERY_LENGTH_MAX,
    PRIORITY_STANDARD,
    ZONE_LENGTH_MAX,
)


class Trigger(models.Model):
    """Starts runs of a workflow: by events of a type, by calls of its webhook, or by a schedule."""

    class Kind(models.TextChoices):
        EVENT = "event"
        HOOK = "hook", "webhook"
        SCHEDULE = "schedule"

    workflow = models.ForeignKey("designer.Workflow", on_delete=models.CASCADE, related_name="triggers")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    event_type = models.CharField(max_length=EVENT_TYPE_LENGTH_MAX, blank=True)
    token_hash = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)
    token_start = models.CharField(max_length=12, blank=True, help_text="To tell a webhook from others.")
    headers = JSONField(default=list, blank=True, help_text="Names of headers that go into the input.")
    input_key = models.CharField(
        max_length=NAME_LENGTH_MAX,
        blank=True,
        help_text="Where in the input what came stands; empty: it is the input.",
    )
    delivery = models.CharField(
        max_length=DELIVERY_LENGTH_MAX,
        blank=True,
        default="",
        help_text="Where a delivery's id stands: a header, or a path such as body.id; empty: known headers.",
    )
    cron = models.CharField(max_length=CRON_LENGTH_MAX, blank=True)
    zone = models.CharField(max_length=ZONE_LENGTH_MAX, blank=True)
    input = JSONField(default=dict, blank=True, help_text="What a schedule starts its runs with.")
    priority = models.PositiveSmallIntegerField(
        default=PRIORITY_STANDARD, db_default=PRIORITY_STANDARD, help_text="Of its runs, 0 to 9."
    )
    is_enabled = models.BooleanField(default=True)
    next_at = models.DateTimeField(null=True, blank=True, help_text="The next time of a schedule.")
    due_at = models.DateTimeField(
        null=True, blank=True, help_text="When the scheduler looks at it; later than `next_at` after trouble."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_by_name = kept_name()
    used_at = models.DateTimeField(null=True, blank=True, help_text="Exact to ten seconds.")
    refused = models.CharField(max_length=500, blank=True, help_text="Why its last use started nothing.")

    passed_over = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Uses that started nothing because the workflow was full."
    )
    debounced = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Inputs that were held back and passed over for a later one."
    )

    class Meta:
        ordering = ["workflow", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["workflow", "event_type"],
                condition=models.Q(kind="event"),
                name="trigger_event_unique",
            )
        ]
        indexes = [
            models.Index(fields=["event_type"], condition=models.Q(kind="event"), name="trigger_event_type"),
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="trigger_due"),
        ]

    def __str__(self) -> str:
        return self.event_type or self.cron or f"webhook {self.token_start}…"

    @property
    def creator(self) -> str:
        """Username of who made it, also of a deleted account; empty if no person did."""
        return name_of(self, "created_by")

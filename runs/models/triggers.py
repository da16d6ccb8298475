"""What starts runs from outside. No rules."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Trigger(models.Model):
    """What starts runs of a workflow from outside: an event's type, or a webhook's token (its hash)."""

    workflow = models.ForeignKey("designer.Workflow", on_delete=models.CASCADE, related_name="triggers")
    kind = models.CharField(max_length=5, choices=[("event", "event"), ("hook", "webhook")])
    event_type = models.CharField(max_length=200, blank=True)
    token_hash = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)
    headers = models.JSONField(default=list, blank=True, help_text="Names of headers that go into the input.")
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    used_at = models.DateTimeField(null=True, blank=True)

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
            models.Index(fields=["event_type"], condition=models.Q(kind="event"), name="trigger_event_type")
        ]

    def __str__(self) -> str:
        return self.event_type or f"webhook {self.pk}"

"""Inputs that triggers brought and that wait for a later one (`debounce`). No rules.

`runs.triggers.debounce` writes them.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from config.accounts.former_people import kept_name
from config.lib.json_field import JSONField
from runs.machine.limits import DIGEST_LENGTH, IDEMPOTENCY_KEY_LENGTH_MAX, PRIORITY_STANDARD


class HeldInput(models.Model):
    """The last input of one workflow and key, which starts a run when it is due. It goes with its start."""

    workflow = models.ForeignKey(
        "designer.Workflow", on_delete=models.CASCADE, related_name="held_inputs", db_index=False
    )
    key_digest = models.CharField(max_length=DIGEST_LENGTH)
    key = JSONField(null=True)
    trigger = models.ForeignKey(
        "runs.Trigger", null=True, on_delete=models.SET_NULL, related_name="held_inputs"
    )
    version = models.ForeignKey(
        "designer.WorkflowVersion",
        on_delete=models.CASCADE,
        related_name="+",
        help_text="Whose schema the input fits.",
    )
    input = JSONField(default=dict)
    labels = JSONField(default=dict)
    priority = models.PositiveSmallIntegerField(default=PRIORITY_STANDARD)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_by_name = kept_name()
    first_at = models.DateTimeField(help_text="When the first of the inputs came.")
    due_at = models.DateTimeField(help_text="When the scheduler starts its run.")
    passed_over = models.PositiveIntegerField(default=0, help_text="Inputs before this one.")

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [models.UniqueConstraint(fields=["workflow", "key_digest"], name="held_input_unique")]
        indexes = [models.Index(fields=["due_at"], name="held_input_due")]

    def __str__(self) -> str:
        return f"{self.workflow_id} {self.key}"


class HeldDelivery(models.Model):
    """What a held back input is known by when it is sent again, and what became of it.

    `run`: the one that was started when the wait was over, with this input or with a later one.
    """

    workflow = models.ForeignKey(
        "designer.Workflow", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    idempotency_key = models.CharField(max_length=IDEMPOTENCY_KEY_LENGTH_MAX)
    key_digest = models.CharField(max_length=DIGEST_LENGTH, help_text="Digest of what came with the key.")
    held = models.ForeignKey(HeldInput, null=True, on_delete=models.CASCADE, related_name="deliveries")
    run = models.ForeignKey("runs.Run", null=True, on_delete=models.CASCADE, related_name="held_deliveries")
    started_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["workflow", "idempotency_key"], name="held_delivery_unique")
        ]
        indexes = [
            models.Index(
                fields=["started_at"],
                condition=models.Q(started_at__isnull=False),
                name="held_delivery_started",
            )
        ]

    def __str__(self) -> str:
        return self.idempotency_key

"""Subscriptions, which tell the outside what happens, and what is sent for them. No rules.

`runs.subscriptions` is the only writer.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from config.accounts.former_people import kept_name, name_of
from config.lib.json_field import JSONField
from runs.machine.limits import (
    ADDRESS_LENGTH_MAX,
    CONDITION_LENGTH_MAX,
    TOLD_KEY_LENGTH_MAX,
    TOLD_TYPE_LENGTH_MAX,
)

WORDS_LENGTH_MAX = 500


class Subscription(models.Model):
    """Who is told of which events: at a webhook, in Slack or by e-mail."""

    class Kind(models.TextChoices):
        WEBHOOK = "webhook", "Webhook"
        SLACK = "slack", "Slack"
        EMAIL = "email", "E-mail"

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    workflow = models.ForeignKey(
        "designer.Workflow",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="subscriptions",
        help_text="Empty: all of them.",
    )
    types = JSONField(default=list)
    when = models.CharField(max_length=CONDITION_LENGTH_MAX, blank=True, help_text="A condition on `event`.")
    address = models.CharField(
        max_length=ADDRESS_LENGTH_MAX, blank=True, help_text="A URL, or e-mail addresses."
    )
    secret = models.CharField(max_length=63, blank=True, help_text="The name of a secret.")
    failures_n = models.PositiveIntegerField(default=5)
    failures_minutes = models.PositiveIntegerField(default=10)
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_by_name = kept_name()
    since = models.DateTimeField(help_text="What happened before is not told.")
    looked_until = models.DateTimeField(help_text="Up to when rows were looked at.")
    standing = JSONField(
        default=dict, help_text="Which lasting conditions were told; see runs.subscriptions."
    )
    rests_until = models.DateTimeField(
        null=True, blank=True, help_text="Its receiver did not answer; nothing is sent before."
    )
    delivered_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=WORDS_LENGTH_MAX, blank=True, help_text="What went wrong last.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def creator(self) -> str:
        """Username of who made it, also of a deleted account; empty if no person did."""
        return name_of(self, "created_by")


class Delivery(models.Model):
    """One event for one subscription: to be sent, or what became of it.

    `due_at` is when it is sent, or tried again; it is empty once the delivery has ended.
    """

    class Status(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        GIVEN_UP = "given_up", "Given up"

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    key = models.CharField(max_length=TOLD_KEY_LENGTH_MAX, help_text="Stands for the event.")
    type = models.CharField(max_length=TOLD_TYPE_LENGTH_MAX)
    payload = JSONField()
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.PENDING)
    due_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveIntegerField(default=0)
    answer = models.PositiveSmallIntegerField(null=True, blank=True, help_text="The last HTTP status.")
    error = models.CharField(max_length=WORDS_LENGTH_MAX, blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["subscription", "key"], name="delivery_unique")]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="delivery_due"),
            models.Index(fields=["subscription", "-id"], name="delivery_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.type} for {self.subscription_id}"

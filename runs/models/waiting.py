"""Steps that wait for people and for events, and events that are kept for them. No rules.

`Approval` and `EventWait` are projections of the state, written in the same transaction by
`runs.store.waiting`; a row goes when its step waits no more. `runs.store.kept_events` writes the events.
"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from config.lib.json_field import JSONField
from designer.document.limits import ASSIGNEE_LENGTH_MAX, EVENT_TYPE_LENGTH_MAX, NAME_LENGTH_MAX
from designer.expressions.matching import KEY_LENGTH
from runs.machine.limits import DIGEST_LENGTH, MESSAGE_LISTED_MAX, STEP_LENGTH_MAX
from runs.models.inbox import ORDER_AT_HELP


class Approval(models.Model):
    """A step that waits for a person's approval."""

    run = models.ForeignKey("runs.Run", on_delete=models.CASCADE, related_name="approvals", db_index=False)
    step = models.CharField(max_length=STEP_LENGTH_MAX)
    workflow_name = models.CharField(max_length=NAME_LENGTH_MAX)
    message = models.CharField(max_length=MESSAGE_LISTED_MAX, blank=True)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True, help_text="When its timeout decides.")
    order_at = models.DateTimeField(db_default=Now(), help_text=ORDER_AT_HELP)
    remind_at = models.DateTimeField(null=True, blank=True, help_text="When its assignees are reminded.")
    remind_every = models.FloatField(null=True, blank=True, help_text="Seconds between reminders.")
    reminders = models.PositiveIntegerField(default=0, help_text="Reminders sent, or given to be sent.")

    class Meta:
        ordering = ["opened_at", "id"]
        constraints = [models.UniqueConstraint(fields=["run", "step"], name="approval_unique")]
        indexes = [
            models.Index(fields=["opened_at", "id"], name="approval_oldest"),
            models.Index(fields=["order_at", "id"], name="approval_waiting"),
            models.Index(
                fields=["remind_at"], condition=models.Q(remind_at__isnull=False), name="approval_remind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step} of {self.workflow_name}"


class ApprovalAssignee(models.Model):
    """Who may answer an approval: a username, `group:NAME`, or "" for everybody who may operate runs."""

    approval = models.ForeignKey(Approval, on_delete=models.CASCADE, related_name="assignees")
    name = models.CharField(max_length=ASSIGNEE_LENGTH_MAX, blank=True)
    opened_at = models.DateTimeField(help_text="The approval's.")
    order_at = models.DateTimeField(db_default=Now(), help_text="The approval's.")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["name", "opened_at", "approval"], name="approval_assignee_oldest"),
            models.Index(fields=["name", "order_at", "approval"], name="approval_assignee_waiting"),
        ]

    def __str__(self) -> str:
        return self.name or "everybody who may operate runs"


class EventWait(models.Model):
    """An event that a step waits for. Where `path` is not empty, only events with this value there fit.

    `key` stands for path and value (`designer.expressions.matching`). `due_at` is set until the events that
    came before have been looked through.
    """

    run = models.ForeignKey("runs.Run", on_delete=models.CASCADE, related_name="event_waits", db_index=False)
    step = models.CharField(max_length=STEP_LENGTH_MAX)
    part = models.PositiveIntegerField(help_text="Which part of the step waits for it.")
    event_type = models.CharField(max_length=EVENT_TYPE_LENGTH_MAX)
    path = models.TextField(blank=True)
    key = models.CharField(max_length=KEY_LENGTH, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["run", "step", "part"], name="event_wait_unique")]
        indexes = [
            models.Index(fields=["event_type", "path", "key", "id"], name="event_wait_key"),
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="event_wait_due"),
        ]

    def __str__(self) -> str:
        return f"{self.step} waits for {self.event_type}"


class KeptEvent(models.Model):
    """An event that came, until all steps that wait have got it, and for a time for those that will wait.

    `due_at` is when it is to be handed on, or to be removed. `at_path`, `at_row`: how far it was handed on.
    """

    key = models.CharField(max_length=KEY_LENGTH, unique=True, help_text="Stands for its source and id.")
    digest = models.CharField(max_length=DIGEST_LENGTH, help_text="Of its type and data.")
    event_type = models.CharField(max_length=EVENT_TYPE_LENGTH_MAX)
    event = JSONField()
    has_more = models.BooleanField(default=False, help_text="More values than are indexed.")
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    is_delivered = models.BooleanField(default=False)
    at_path = models.TextField(blank=True)
    at_row = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["event_type", "has_more", "id"], name="kept_event_type"),
            models.Index(fields=["due_at"], name="kept_event_due"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.key}"


class KeptEventKey(models.Model):
    """A value of a kept event, by which steps that begin to wait find it."""

    event = models.ForeignKey(KeptEvent, on_delete=models.CASCADE, related_name="keys")
    key = models.CharField(max_length=KEY_LENGTH)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["key", "event"], name="kept_event_key")]

    def __str__(self) -> str:
        return self.key

"""Triggers, which start runs from outside, and what came by them.

No rules: `runs.triggers` is the only writer.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from config.accounts.former_people import kept_name, name_of
from config.lib.json_field import JSONField
from designer.document.limits import EVENT_TYPE_LENGTH_MAX, NAME_LENGTH_MAX
from runs.machine.limits import (
    CRON_LENGTH_MAX,
    DELIVERY_LENGTH_MAX,
    FILE_NAME_LENGTH_MAX,
    FOLDER_LENGTH_MAX,
    PATTERN_LENGTH_MAX,
    PRIORITY_STANDARD,
    REASON_LENGTH_MAX,
    TRIGGER_NAME_LENGTH_MAX,
    TRIGGER_WHEN_LENGTH_MAX,
    ZONE_LENGTH_MAX,
)


class Trigger(models.Model):
    """Starts runs of a workflow: by events, by calls of its webhook, by a schedule, or by files."""

    class Kind(models.TextChoices):
        EVENT = "event"
        HOOK = "hook", "webhook"
        SCHEDULE = "schedule"
        FILE = "file"

    class Overlap(models.TextChoices):
        """What happens at a time of a schedule while an earlier run of it is under way."""

        ALLOW = "allow"
        SKIP = "skip"
        QUEUE = "queue"
        CANCEL_OLDEST = "cancel_oldest"

    class Misfire(models.TextChoices):
        """Which times of a schedule are started that were missed while no scheduler was there."""

        SKIP = "skip"
        ONCE = "once"
        ALL = "all"

    workflow = models.ForeignKey("designer.Workflow", on_delete=models.CASCADE, related_name="triggers")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=TRIGGER_NAME_LENGTH_MAX, blank=True, default="", db_default="")
    when = models.CharField(
        max_length=TRIGGER_WHEN_LENGTH_MAX,
        blank=True,
        default="",
        db_default="",
        help_text="An expression; what comes starts a run only if it is true.",
    )
    map = JSONField(default=dict, blank=True, help_text="The input, with expressions that read what comes.")
    event_type = models.CharField(
        max_length=EVENT_TYPE_LENGTH_MAX, blank=True, help_text="Of events; order.* is all below order."
    )
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
    verify = JSONField(default=dict, blank=True, help_text="How a webhook knows its sender.")
    answer = JSONField(default=dict, blank=True, help_text="How a webhook answers; empty: at once.")
    cron = models.CharField(max_length=CRON_LENGTH_MAX, blank=True)
    every = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds between times, from `at`.")
    at = models.DateTimeField(null=True, blank=True, help_text="The one time, or the first of an interval.")
    zone = models.CharField(max_length=ZONE_LENGTH_MAX, blank=True)
    overlap = models.CharField(
        max_length=13, choices=Overlap.choices, default=Overlap.ALLOW, db_default=Overlap.ALLOW
    )
    misfire = models.CharField(
        max_length=4, choices=Misfire.choices, default=Misfire.ONCE, db_default=Misfire.ONCE
    )
    input = JSONField(default=dict, blank=True, help_text="What a schedule starts its runs with.")
    folder = models.CharField(
        max_length=FOLDER_LENGTH_MAX, blank=True, default="", db_default="", help_text="Below DATA_DIR/files."
    )
    pattern = models.CharField(
        max_length=PATTERN_LENGTH_MAX, blank=True, default="", db_default="", help_text="Of names: *.csv"
    )
    position = models.CharField(
        max_length=FILE_NAME_LENGTH_MAX,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="The name after which the next look at a large folder begins.",
    )
    priority = models.PositiveSmallIntegerField(
        default=PRIORITY_STANDARD, db_default=PRIORITY_STANDARD, help_text="Of its runs, 0 to 9."
    )
    is_enabled = models.BooleanField(default=True)
    next_at = models.DateTimeField(null=True, blank=True, help_text="The next time of a schedule.")
    due_at = models.DateTimeField(
        null=True, blank=True, help_text="When the scheduler looks at it; later than `next_at` after trouble."
    )
    waited_at = models.DateTimeField(
        null=True, blank=True, help_text="When a due time was last found to wait for the end of a run."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_by_name = kept_name()
    used_at = models.DateTimeField(null=True, blank=True, help_text="Exact to ten seconds.")
    refused = models.CharField(
        max_length=REASON_LENGTH_MAX, blank=True, help_text="Why its last use started nothing."
    )

    passed_over = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Uses that started nothing because the workflow was full."
    )
    debounced = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Inputs that were held back and passed over for a later one."
    )
    skipped = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Uses that started nothing as `when` was false."
    )
    unverified = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Calls of a webhook whose sender could not be verified."
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
        own = {"event": self.event_type, "file": self.folder, "hook": f"webhook {self.token_start}…"}
        return self.name or own.get(self.kind) or self.cron or "schedule"

    @property
    def creator(self) -> str:
        """Username of who made it, also of a deleted account; empty if no person did."""
        return name_of(self, "created_by")


class TriggerCall(models.Model):
    """One of the last calls of a webhook, times of a schedule, or files, and what came of it."""

    class Outcome(models.TextChoices):
        STARTED = "started"
        KNOWN = "known", "came before"
        HELD = "held", "held back"
        SKIPPED = "skipped"
        REFUSED = "refused"
        UNVERIFIED = "unverified", "not verified"

    trigger = models.ForeignKey(Trigger, on_delete=models.CASCADE, related_name="calls", db_index=False)
    at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    status = models.PositiveSmallIntegerField(null=True, help_text="Of the answer to a webhook's call.")
    reason = models.CharField(max_length=REASON_LENGTH_MAX, blank=True)
    source = models.GenericIPAddressField(null=True)
    run_id = models.UUIDField(null=True, help_text="No key: the run may be removed before the call is.")
    what = models.CharField(max_length=FILE_NAME_LENGTH_MAX, blank=True, help_text="The file, or the time.")
    size = models.PositiveIntegerField(default=0)
    content = models.TextField(blank=True, help_text="Sealed, to be replayed; empty if it is not kept.")
    replay_of = models.BigIntegerField(null=True)
    replayed_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["trigger", "-id"], name="trigger_call_newest")]

    def __str__(self) -> str:
        return f"{self.trigger_id} {self.at}"


class FoundFile(models.Model):
    """A file that a trigger has seen. It starts one run, once it has stayed as it is for a while.

    It is known by its name, and by its inode, each with size and time, so that neither a new name nor a copy
    that kept its times starts anything again.
    """

    trigger = models.ForeignKey(Trigger, on_delete=models.CASCADE, related_name="files", db_index=False)
    name = models.CharField(max_length=FILE_NAME_LENGTH_MAX)
    inode = models.CharField(max_length=40)
    size = models.BigIntegerField()
    modified_ns = models.BigIntegerField()
    found_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, help_text="When it was dealt with; null while it settles.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["trigger", "name", "size", "modified_ns"], name="found_file_by_name"
            )
        ]
        indexes = [
            models.Index(fields=["trigger", "inode", "size", "modified_ns"], name="found_file_by_inode"),
            models.Index(fields=["trigger", "taken_at"], name="found_file_taken"),
        ]

    def __str__(self) -> str:
        return self.name

"""Runs, their steps, journals and interventions, and worker processes. Constraints, no rules.

`runs.engine` decides and `runs.store` writes. The journal is the source of truth; `Run`, `StepRun` and
`Intervention` are projections of it, written in the same transaction. A step's output is stored once, as the
payload of the journal entry that completed it.
"""

from __future__ import annotations

import uuid
from enum import StrEnum

from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Cast, Right

from config.accounts.former_people import kept_name, name_of
from config.lib.json_field import JSONField
from designer.document.limits import NAME_LENGTH_MAX, QUEUE_LENGTH_MAX
from runs.machine.limits import (
    DIGEST_LENGTH,
    ENTRY_TYPE_LENGTH_MAX,
    IDEMPOTENCY_KEY_LENGTH_MAX,
    PROCESS_LENGTH_MAX,
    STATUS_LENGTH_MAX,
    STEP_LENGTH_MAX,
)
from runs.machine.states import RunStatus, StepStatus, UndoStatus


def choices(statuses: type[StrEnum]) -> list[tuple[str, str]]:
    return [(status.value, status.value) for status in statuses]


class RowId(models.BigAutoField):  # type: ignore[type-arg]
    """The key of rows that are inserted often. On SQLite it is the rowid, without AUTOINCREMENT."""

    def db_type_suffix(self, connection: BaseDatabaseWrapper) -> str | None:
        suffix = super().db_type_suffix(connection)
        return None if suffix == "AUTOINCREMENT" else suffix


class VisibleManager(models.Manager["Run"]):
    """Excludes runs whose removal has begun."""

    def get_queryset(self) -> models.QuerySet[Run]:
        return super().get_queryset().filter(pruned_at=None)


ID_END = 8  # digits of an id that lists show, and that it is searched by
IS_LISTED = models.Q(body__isnull=True)
"""Runs of bodies belong to the run around them; a query needs this condition to be served by the indexes."""


class Run(models.Model):
    """One execution of a version, or of the body of one of its steps."""

    objects = VisibleManager()
    every = models.Manager["Run"]()

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey("designer.WorkflowVersion", on_delete=models.PROTECT, related_name="runs")
    workflow_name = models.CharField(max_length=NAME_LENGTH_MAX)
    status = models.CharField(
        max_length=STATUS_LENGTH_MAX, choices=choices(RunStatus), default=RunStatus.PENDING
    )
    input = JSONField(default=dict)
    labels = JSONField(default=dict, blank=True)
    error = JSONField(null=True, blank=True)
    state = JSONField(default=dict, help_text="The machine's own counters; see runs.machine.states.")
    last_seq = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0, help_text="Steps that have ended.")
    total = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(
        db_column="left_undone",  # LEFT is a word of SQL
        db_default=0,
        default=0,
        help_text="Effects left undone, of this run and of its child runs.",
    )
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, help_text="When the run's own timeout fires.")
    paused_at = models.DateTimeField(null=True, blank=True, help_text="Since when nothing new starts in it.")
    pruned_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When its removal began; it is hidden since."
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="children"
    )
    parent_step = models.CharField(max_length=STEP_LENGTH_MAX, blank=True)
    body = models.TextField(
        null=True,
        blank=True,
        help_text="Of a run of a body: the path of its step in the version, as outer/inner.",
    )
    detached = models.BooleanField(
        db_default=False, default=False, help_text="The run that started it goes on without it."
    )
    trial = models.BooleanField(default=False)
    imported = JSONField(
        null=True, blank=True, help_text="Of a run that came as a file: who brought it, when and from where."
    )
    tallied_seq = models.PositiveIntegerField(
        default=0, help_text="The last entry that is in the figures; see runs.figures."
    )
    tally_at = models.DateTimeField(
        null=True, blank=True, help_text="Set when the run has ended and is not in the figures yet."
    )
    idempotency_key = models.CharField(max_length=IDEMPOTENCY_KEY_LENGTH_MAX, null=True, blank=True)
    key_digest = models.CharField(
        max_length=DIGEST_LENGTH,
        null=True,
        blank=True,
        help_text="Digest of what the idempotency key was sent with; older runs have none.",
    )
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_by_name = kept_name()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["workflow_name", "idempotency_key"], name="run_idempotency_key_unique"
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], condition=IS_LISTED, name="run_newest"),
            models.Index(
                fields=["status", "-created_at", "-id"], condition=IS_LISTED, name="run_status_newest"
            ),
            models.Index(
                fields=["workflow_name", "-created_at", "-id"],
                condition=IS_LISTED,
                name="run_workflow_newest",
            ),
            models.Index(
                fields=["workflow_name", "status", "-created_at", "-id"],
                condition=IS_LISTED,
                name="run_workflow_status_newest",
            ),
            models.Index(
                fields=["-created_at", "-id"], condition=models.Q(trial=True), name="run_trial_newest"
            ),
            models.Index(
                fields=["-created_at", "-id"],
                condition=models.Q(imported__isnull=False),
                name="run_imported_newest",
            ),
            models.Index(
                fields=["status", "finished_at"],
                condition=models.Q(finished_at__isnull=False),
                name="run_ended",
            ),
            models.Index(
                fields=["created_at", "id"],
                condition=models.Q(started_by__isnull=False),
                name="run_started_by_person",
            ),
            models.Index(
                fields=["created_at", "id"],
                condition=models.Q(started_by_name__isnull=False),
                name="run_started_by_former",
            ),
            models.Index(
                fields=["parent", "-created_at", "-id"],
                condition=IS_LISTED,
                name="run_parent_newest",
            ),
            models.Index(
                fields=["-created_at", "-id"],
                condition=models.Q(error__isnull=False, body__isnull=True),
                name="run_error_newest",
            ),
            models.Index(
                fields=["-finished_at", "-id"],
                condition=models.Q(finished_at__isnull=False, body__isnull=True),
                name="run_last_ended",
            ),
            models.Index(Right(Cast("id", models.TextField()), ID_END), name="run_id_end"),
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="run_due"),
            models.Index(
                fields=["paused_at"], condition=models.Q(paused_at__isnull=False), name="run_paused"
            ),
            models.Index(
                fields=["pruned_at"], condition=models.Q(pruned_at__isnull=False), name="run_pruned"
            ),
            models.Index(
                fields=["tally_at"], condition=models.Q(tally_at__isnull=False), name="run_to_tally"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.workflow_name} {self.id}"

    @property
    def starter(self) -> str:
        """Username of who started it, also of a deleted account; empty if no person did."""
        return name_of(self, "started_by")


class StepRun(models.Model):
    """The life of one step, or of one item of a map step (`name` is then `step[3]`), in one run.

    A row is inserted when its step leaves `pending`. `due_at` is when the sweep looks at the row: a retry or
    timer is due, a lease ends, a lost dispatch is repeated.
    """

    id = RowId(primary_key=True)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps", db_index=False)
    name = models.CharField(max_length=STEP_LENGTH_MAX)
    status = models.CharField(max_length=10, choices=choices(StepStatus), default=StepStatus.PENDING)
    undo = models.CharField(max_length=11, choices=choices(UndoStatus), default=UndoStatus.NONE)
    attempt = models.PositiveIntegerField(default=0, help_text="Forward attempts started.")
    undo_attempt = models.PositiveIntegerField(default=0)
    state = JSONField(default=dict, help_text="The machine's own fields; see runs.machine.states.")
    error = JSONField(null=True, blank=True)
    output_seq = models.PositiveIntegerField(
        null=True, blank=True, help_text="The entry that holds the output."
    )
    lease = models.PositiveIntegerField(default=0, help_text="Claims so far; see runs.machine.states.")
    process = models.CharField(
        max_length=PROCESS_LENGTH_MAX, blank=True, help_text="The worker process that holds the lease."
    )
    queue = models.CharField(max_length=QUEUE_LENGTH_MAX, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["run", "id"]
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="step_run_unique")]
        indexes = [
            models.Index(
                fields=["due_at", "process"], condition=models.Q(due_at__isnull=False), name="step_run_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.status})"


ACTS = (
    "intervention.opened",
    "intervention.claimed",
    "intervention.answered",
    "run.compensating",
    "run.cancelled",
    "run.paused",
    "run.unpaused",
    "signal.received",
    "step.brought_forward",
    "step.enough",
)


class JournalEntry(models.Model):
    """One numbered fact of a run; append-only."""

    id = RowId(primary_key=True)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="journal", db_index=False)
    seq = models.PositiveIntegerField()
    type = models.CharField(max_length=ENTRY_TYPE_LENGTH_MAX)
    step = models.CharField(max_length=STEP_LENGTH_MAX, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()
    status = models.CharField(max_length=STATUS_LENGTH_MAX, help_text="The run's status after the entry.")
    data = JSONField(default=dict, help_text="Small facts; sent in frames.")
    payload = JSONField(null=True, help_text="An output, patch or item; fetched, never sent in frames.")

    class Meta:
        ordering = ["run", "seq"]
        verbose_name_plural = "journal entries"
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="journal_seq_unique")]
        indexes = [
            models.Index(fields=["at", "id"], condition=models.Q(type__in=ACTS), name="journal_acts"),
            models.Index(fields=["at", "id"], condition=models.Q(type="run.blocked"), name="journal_blocked"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.type} {self.step}".strip()


class WorkerProcess(models.Model):
    """An OS process that takes jobs; `seen_at` is its last heartbeat by the database's time."""

    id = models.CharField(primary_key=True, max_length=PROCESS_LENGTH_MAX)
    host = models.CharField(max_length=100)
    pid = models.PositiveIntegerField()
    queues = JSONField(default=list)
    workers = JSONField(default=list, help_text="Names of the workers that it can run.")
    lacks = JSONField(default=list, help_text="Workers of steps that it left to others.")
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["host", "pid"]
        verbose_name_plural = "worker processes"
        indexes = [models.Index(fields=["seen_at"], name="worker_process_seen")]

    def __str__(self) -> str:
        return self.id

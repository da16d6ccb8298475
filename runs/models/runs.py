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

from config.accounts.former_people import kept_name, name_of
from config.lib.json_field import JSONField
from designer.document.limits import NAME_LENGTH_MAX, QUEUE_LENGTH_MAX
from runs.machine.limits import (
    CAUSE_KEY_LENGTH_MAX,
    CAUSE_LENGTH_MAX,
    DIGEST_LENGTH,
    ENTRY_TYPE_LENGTH_MAX,
    IDEMPOTENCY_KEY_LENGTH_MAX,
    PERSON_LENGTH_MAX,
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


class Run(models.Model):
    """One execution of a version."""

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
    pruned_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When its removal began; it is hidden since."
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="children"
    )
    parent_step = models.CharField(max_length=STEP_LENGTH_MAX, blank=True)
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
            models.Index(fields=["-created_at", "-id"], name="run_newest"),
            models.Index(fields=["status", "-created_at", "-id"], name="run_status_newest"),
            models.Index(fields=["workflow_name", "-created_at", "-id"], name="run_workflow_newest"),
            models.Index(
                fields=["workflow_name", "status", "-created_at", "-id"], name="run_workflow_status_newest"
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
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="run_due"),
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
    "signal.received",
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
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.type} {self.step}".strip()


class Severity(models.TextChoices):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


INTERVENTION_KINDS = [("step_failed", "step failed"), ("compensation_failed", "undo failed")]


class Intervention(models.Model):
    """An open question to a person about a run.

    The engine opens, claims and answers it. `severity`, `due_at` and `proposal` concern only the people who
    work on it; `runs.interventions.service` is their only writer.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="interventions")
    step = models.CharField(max_length=STEP_LENGTH_MAX)
    kind = models.CharField(max_length=20, choices=INTERVENTION_KINDS)
    status = models.CharField(
        max_length=8, choices=[("open", "open"), ("answered", "answered")], default="open"
    )
    severity = models.CharField(max_length=8, choices=Severity.choices, default=Severity.NORMAL)
    due_at = models.DateTimeField(null=True, blank=True)
    error = JSONField(default=dict)
    cause = models.CharField(
        max_length=CAUSE_LENGTH_MAX, blank=True, help_text="The error without ids and numbers."
    )
    cause_key = models.CharField(max_length=CAUSE_KEY_LENGTH_MAX, blank=True)
    opened_seq = models.PositiveIntegerField()
    opened_at = models.DateTimeField()
    claimed_by = models.CharField(max_length=PERSON_LENGTH_MAX, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    proposal = JSONField(
        null=True, blank=True, help_text="An answer that waits for a second person: answer, note, patch, by."
    )
    answer = models.CharField(max_length=10, blank=True)
    note = models.TextField(blank=True)
    answered_by = models.CharField(max_length=PERSON_LENGTH_MAX, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-status", "opened_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["run", "opened_seq"], name="intervention_unique")]
        indexes = [
            models.Index(fields=["-status", "opened_at", "id"], name="intervention_listed"),
            models.Index(fields=["status", "-answered_at", "id"], name="intervention_answered"),
            models.Index(
                fields=["cause_key"], condition=models.Q(status="open"), name="intervention_open_cause"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} at {self.step} ({self.status})"


class CaseAct(models.Model):
    """An act on an intervention other than claim and answer; append-only."""

    case = models.ForeignKey(Intervention, on_delete=models.CASCADE, related_name="acts")
    at = models.DateTimeField()
    by = models.CharField(max_length=PERSON_LENGTH_MAX, blank=True)
    act = models.CharField(
        max_length=10,
        choices=[(name, name) for name in ("noted", "planned", "proposed", "withdrawn", "in_bulk", "told")],
    )
    text = models.TextField(blank=True)
    data = JSONField(default=dict)
    batch = models.UUIDField(null=True, blank=True, db_index=True, help_text="Answers given together.")

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["at", "id"], name="case_act_at")]

    def __str__(self) -> str:
        return f"{self.act} by {self.by or 'the system'}"


class CasePolicy(models.Model):
    """Severity, due time and rules for new interventions; the most specific policy applies."""

    workflow = models.CharField(
        max_length=NAME_LENGTH_MAX, blank=True, help_text="Its name; empty for all others."
    )
    kind = models.CharField(
        max_length=20, choices=INTERVENTION_KINDS, blank=True, help_text="Empty for both."
    )
    severity = models.CharField(max_length=8, choices=Severity.choices, default=Severity.NORMAL)
    due_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="Minutes until a new one is overdue; empty for never."
    )
    second_person = models.BooleanField(
        default=False,
        help_text="An undo is only done by hand, or left undone, if a second person agrees.",
    )
    mail_to = models.TextField(
        blank=True,
        help_text="One address a line; empty for all operators who have one.",
    )

    class Meta:
        ordering = ["workflow", "kind"]
        verbose_name = "intervention policy"
        verbose_name_plural = "intervention policies"
        constraints = [models.UniqueConstraint(fields=["workflow", "kind"], name="case_policy_unique")]

    def __str__(self) -> str:
        return f"{self.workflow or 'every workflow'}: {self.get_kind_display() or 'both'}"


class CaseMail(models.Model):
    """A mail about an intervention, to be sent or sent."""

    case = models.ForeignKey(Intervention, on_delete=models.CASCADE, related_name="mails")
    about = models.CharField(max_length=8, choices=[("opened", "opened"), ("overdue", "overdue")])
    due_at = models.DateTimeField(help_text="When it is sent, or tried again.")
    tries = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Sent, given up, or pointless by then.")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["case", "about"], name="case_mail_unique")]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(ended_at__isnull=True), name="case_mail_due"),
        ]

    def __str__(self) -> str:
        return f"{self.about}, intervention {self.case_id}"


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

"""Interventions, the acts of people on them, their policies and their mails. Constraints, no rules."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from config.lib.json_field import JSONField
from designer.document.limits import NAME_LENGTH_MAX
from runs.machine.limits import (
    CAUSE_KEY_LENGTH_MAX,
    CAUSE_LENGTH_MAX,
    PERSON_LENGTH_MAX,
    STEP_LENGTH_MAX,
)
from runs.models.inbox import ORDER_AT_HELP
from runs.models.runs import Run


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
    order_at = models.DateTimeField(db_default=Now(), editable=False, help_text=ORDER_AT_HELP)
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
            models.Index(
                fields=["due_at"], condition=models.Q(due_at__isnull=False), name="intervention_due"
            ),
            # Not partial by status: SQLite does not see that a bound value is the one of the condition.
            models.Index(fields=["status", "order_at", "id"], name="intervention_waiting"),
            models.Index(fields=["status", "claimed_by", "order_at", "id"], name="intervention_waiting_for"),
            models.Index(
                fields=["status", "order_at", "id"],
                condition=models.Q(proposal__isnull=False),
                name="intervention_proposed",
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

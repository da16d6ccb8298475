"""Rows that lists, searches and charts read; all of them are derived from runs. No rules.

`runs.store.search_index` and `runs.statistics.counters` write them.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from config.accounts.former_people import kept_name, name_of
from config.lib.json_field import JSONField
from designer.document.limits import NAME_LENGTH_MAX
from runs.machine.limits import LABEL_LENGTH_MAX, STATUS_LENGTH_MAX

VIEW_NAME_LENGTH_MAX = 100
VIEW_QUERY_LENGTH_MAX = 2_000


class RunLabel(models.Model):
    """A label of a run, indexed for lists."""

    run = models.ForeignKey("runs.Run", on_delete=models.CASCADE, related_name="label_rows")
    key = models.CharField(max_length=LABEL_LENGTH_MAX)
    value = models.CharField(max_length=LABEL_LENGTH_MAX)
    created_at = models.DateTimeField(help_text="The run's.")

    class Meta:
        ordering = ["run", "key"]
        indexes = [
            models.Index(fields=["key", "value", "-created_at", "-run"], name="run_label_value"),
            models.Index(fields=["key", "-created_at", "-run"], name="run_label_key"),
        ]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


class RunText(models.Model):
    """The beginning of a run's input as text. FTS5 or pg_trgm finds any part of it."""

    run = models.OneToOneField("runs.Run", on_delete=models.CASCADE, related_name="text_row")
    text = models.TextField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.text[:80]


class SavedView(models.Model):
    """A list of runs with a name: its filters, its order and its columns, as a query string."""

    name = models.CharField(max_length=VIEW_NAME_LENGTH_MAX)
    query = models.CharField(max_length=VIEW_QUERY_LENGTH_MAX, blank=True)
    is_shared = models.BooleanField(default=False, help_text="Everybody who may see runs has it.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    owner_name = kept_name()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_view_name_unique")]

    def __str__(self) -> str:
        return self.name

    @property
    def maker(self) -> str:
        """Username of who saved it, also of a deleted account."""
        return name_of(self, "owner")


class HourFigures(models.Model):
    """How many runs ended with one status in one hour, and their durations. Trials are not counted."""

    hour = models.DateTimeField()
    status = models.CharField(max_length=STATUS_LENGTH_MAX)
    count = models.PositiveIntegerField(default=0)
    durations = JSONField(default=dict, help_text="How many by size; see runs.histogram.")

    class Meta:
        ordering = ["hour", "status"]
        verbose_name_plural = "hour figures"
        constraints = [models.UniqueConstraint(fields=["hour", "status"], name="hour_figures_unique")]

    def __str__(self) -> str:
        return f"{self.hour} {self.status}"


class WorkflowFigures(models.Model):
    """The same of one workflow, for those who may not see the others; kept as long as charts reach back."""

    hour = models.DateTimeField()
    status = models.CharField(max_length=STATUS_LENGTH_MAX)
    workflow_name = models.CharField(max_length=NAME_LENGTH_MAX)
    count = models.PositiveIntegerField(default=0)
    durations = JSONField(default=dict, help_text="How many by size; see runs.histogram.")

    class Meta:
        ordering = ["hour", "status", "workflow_name"]
        verbose_name_plural = "workflow figures"
        constraints = [
            models.UniqueConstraint(fields=["hour", "status", "workflow_name"], name="figures_of_workflow")
        ]

    def __str__(self) -> str:
        return f"{self.hour} {self.status} {self.workflow_name}"


class OperationFigures(models.Model):
    """What has ended, by kind, workflow and outcome, for operators; see runs.statistics.operations."""

    kind = models.CharField(max_length=12)
    workflow_name = models.CharField(max_length=NAME_LENGTH_MAX, blank=True)
    outcome = models.CharField(max_length=STATUS_LENGTH_MAX, blank=True)
    count = models.PositiveBigIntegerField(default=0)
    durations = JSONField(default=dict, help_text="How many by size; see runs.histogram.")

    class Meta:
        ordering = ["kind", "workflow_name", "outcome"]
        verbose_name_plural = "operation figures"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "workflow_name", "outcome"], name="operation_figures_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.workflow_name} {self.outcome}"


class StepFigures(models.Model):
    """Counts and durations of one step of a version, over all ended runs that are no trials."""

    version = models.ForeignKey("designer.WorkflowVersion", on_delete=models.CASCADE, related_name="figures")
    step = models.TextField(help_text="Its path in the version, as outer/inner.")
    completed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    retried = models.PositiveIntegerField(default=0)
    undone = models.PositiveIntegerField(default=0)
    undo_failed = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(db_default=0, default=0, help_text="Effects left undone.")
    durations = JSONField(default=dict, help_text="How many by size; see runs.histogram.")
    facts = JSONField(
        default=dict, null=True, help_text="What a forecast needs; see runs.statistics.step_facts."
    )

    class Meta:
        ordering = ["version", "step"]
        verbose_name_plural = "step figures"
        constraints = [models.UniqueConstraint(fields=["version", "step"], name="step_figures_unique")]

    def __str__(self) -> str:
        return f"{self.version}: {self.step}"


class FleetSample(models.Model):
    """Length of the queues and number of worker processes at one moment."""

    at = models.DateTimeField(primary_key=True)
    queued = models.PositiveIntegerField()
    processes = models.PositiveIntegerField()

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.at}: {self.queued}"

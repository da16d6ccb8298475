"""Rows that lists, searches and charts read; all of them are derived from runs. No rules.

`runs.store.search_index` and `runs.statistics.counters` write them.
"""

from __future__ import annotations

from django.db import models

from config.lib.json_field import JSONField
from runs.machine.limits import LABEL_LENGTH_MAX, STATUS_LENGTH_MAX


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

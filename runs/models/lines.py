"""Lines of runs that wait for their turn to begin: the runs of one workflow with one key. No rules.

`runs.engine.lines` writes them.
"""

from __future__ import annotations

from django.db import models

from config.lib.json_field import JSONField
from designer.document.limits import NAME_LENGTH_MAX
from runs.machine.limits import DIGEST_LENGTH


class Line(models.Model):
    """The line of one workflow and key; its numbers are those of the version that last joined it."""

    workflow_name = models.CharField(max_length=NAME_LENGTH_MAX)
    key_digest = models.CharField(max_length=DIGEST_LENGTH)
    key = JSONField(null=True, blank=True)
    at_once = models.PositiveIntegerField(null=True)
    rate = models.PositiveIntegerField(null=True)
    per = models.FloatField(default=0)
    due_at = models.DateTimeField(null=True, help_text="When the scheduler lets the next run begin.")

    class Meta:
        ordering = ["workflow_name", "id"]
        constraints = [models.UniqueConstraint(fields=["workflow_name", "key_digest"], name="line_unique")]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="line_due"),
        ]

    def __str__(self) -> str:
        return f"{self.workflow_name} {self.key}"


class Place(models.Model):
    """The place of a run in its line: it waits, is under way (`begun_at`), or has ended (`ended_at`).

    One that has ended stays until the next run was let in (`is_settled`), and as long as the rate counts it.
    """

    run = models.OneToOneField("runs.Run", on_delete=models.CASCADE, related_name="place")
    line = models.ForeignKey(Line, on_delete=models.CASCADE, related_name="places", db_index=False)
    turn_at = models.DateTimeField(help_text="When it came, less what its priority is worth.")
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    is_leaving = models.BooleanField(default=False, help_text="It is cancelled so that another can begin.")
    is_settled = models.BooleanField(default=False)

    class Meta:
        ordering = ["line", "turn_at", "id"]
        indexes = [
            models.Index(
                fields=["line", "turn_at", "id"],
                condition=models.Q(begun_at__isnull=True, ended_at__isnull=True),
                name="place_waiting",
            ),
            models.Index(
                fields=["line", "turn_at", "id"],
                condition=models.Q(begun_at__isnull=False, ended_at__isnull=True),
                name="place_under_way",
            ),
            models.Index(
                fields=["line", "begun_at"], condition=models.Q(begun_at__isnull=False), name="place_begun"
            ),
            models.Index(
                fields=["line", "begun_at"], condition=models.Q(ended_at__isnull=False), name="place_ended"
            ),
            models.Index(
                fields=["ended_at"],
                condition=models.Q(ended_at__isnull=False, is_settled=False),
                name="place_to_settle",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(is_leaving=True, ended_at__isnull=True),
                name="place_leaving",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} in {self.line_id}"

"""Slots of named limits: steps that hold one or wait for one, and the starts that a rate counts. No rules.

`runs.store.slots` writes them.
"""

from __future__ import annotations

from django.db import models

from designer.document.limits import NAME_LENGTH_MAX, QUEUE_LENGTH_MAX
from runs.machine.limits import PRIORITY_STANDARD, STEP_LENGTH_MAX


class Slot(models.Model):
    """A step that holds a slot of a named limit, or waits for one.

    One that waits is offered to worker processes (`offered_until`) when its turn comes; while the offer
    `is_reserved`, a slot is kept for it.
    """

    run = models.ForeignKey("runs.Run", on_delete=models.CASCADE, related_name="slots", db_index=False)
    step = models.CharField(max_length=STEP_LENGTH_MAX)
    limit_name = models.CharField(max_length=NAME_LENGTH_MAX)
    lease = models.PositiveIntegerField(help_text="The lease that it holds, or waits for.")
    queue = models.CharField(max_length=QUEUE_LENGTH_MAX, blank=True)
    rank = models.PositiveSmallIntegerField(help_text="0: an undo, which comes first; 1: any other call.")
    turn_at = models.DateTimeField(help_text="When it began to wait, less what its run's priority is worth.")
    priority = models.PositiveSmallIntegerField(
        default=PRIORITY_STANDARD, db_default=PRIORITY_STANDARD, help_text="Its run's, 0 to 9."
    )
    held = models.BooleanField()
    until = models.DateTimeField(null=True, help_text="The end of the lease that holds it.")
    offered_until = models.DateTimeField(null=True)
    is_reserved = models.BooleanField()

    class Meta:
        ordering = ["limit_name", "rank", "turn_at", "id"]
        constraints = [models.UniqueConstraint(fields=["run", "step"], name="slot_unique")]
        indexes = [
            models.Index(
                fields=["limit_name", "rank", "turn_at", "id"],
                condition=models.Q(held=False, offered_until__isnull=True),
                name="slot_waiting",
            ),
            models.Index(
                fields=["limit_name", "offered_until"],
                condition=models.Q(held=False, offered_until__isnull=False),
                name="slot_offered",
            ),
            models.Index(fields=["limit_name", "until"], condition=models.Q(held=True), name="slot_held"),
        ]

    def __str__(self) -> str:
        return f"{self.limit_name}: {self.step}"


class SlotUse(models.Model):
    """A call that took a slot of a limit with a rate, numbered within the limit."""

    limit_name = models.CharField(max_length=NAME_LENGTH_MAX)
    number = models.PositiveBigIntegerField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["limit_name", "number"]
        constraints = [models.UniqueConstraint(fields=["limit_name", "number"], name="slot_use_unique")]
        indexes = [models.Index(fields=["limit_name", "at"], name="slot_use_at")]

    def __str__(self) -> str:
        return f"{self.limit_name} {self.number}"

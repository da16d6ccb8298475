"""The table of rehearsals. No rules here: `workers.rehearsal.keeping` is the only writer."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from config.accounts.former_people import kept_name, name_of
from config.lib.json_field import JSONField

DIGEST_LENGTH = 64
CHECK_LENGTH_MAX = 2_000
ERROR_LENGTH_MAX = 2_000


class Rehearsal(models.Model):
    """A rehearsal of a workflow. `digest` tells the definition that was rehearsed from others."""

    class Status(models.TextChoices):
        UNDER_WAY = "under_way", "under way"
        ENDED = "ended", "ended"
        STOPPED = "stopped", "stopped"
        FAILED = "failed", "failed"

    workflow = models.ForeignKey("designer.Workflow", on_delete=models.CASCADE, related_name="rehearsals")
    digest = models.CharField(max_length=DIGEST_LENGTH)
    status = models.CharField(max_length=10, choices=Status, default=Status.UNDER_WAY)
    input = JSONField(null=True, blank=True, help_text="What it runs with; empty: the sample input.")
    outputs = JSONField(default=dict, help_text="What stubs answer, by step.")
    check_by = models.CharField(max_length=CHECK_LENGTH_MAX, blank=True, help_text="A worker or =expression.")
    content = JSONField(default=dict, help_text="What it has found; see workers.rehearsal.report.")
    is_bad = models.BooleanField(default=False)
    is_to_stop = models.BooleanField(default=False)
    error = models.CharField(max_length=ERROR_LENGTH_MAX, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(auto_now=True, help_text="When its process last wrote.")
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_by_name = kept_name()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"rehearsal of {self.workflow}"

    @property
    def starter(self) -> str:
        """Username of who started it, also of a deleted account; empty if a command did."""
        return name_of(self, "started_by")

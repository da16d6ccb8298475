"""Rows of designed workflows. No rules here: `designer.services` is the only writer."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Workflow(models.Model):
    """A named design: at most one draft and any number of published versions."""

    name = models.CharField(max_length=63, unique=True)
    title = models.CharField(max_length=200, blank=True)
    draft = models.JSONField(null=True, blank=True, help_text="The document being edited; may hold errors.")
    draft_revision = models.PositiveIntegerField(default=0)
    is_pattern = models.BooleanField(default=False, help_text="Shipped with the product.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class WorkflowVersion(models.Model):
    """A published, immutable definition; runs are pinned to one for ever.

    `document` is what the author wrote; `resolved` is the same with every default of
    the workflow and its workers filled in, and is what runs.
    """

    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    resolved = models.JSONField()
    published_at = models.DateTimeField(auto_now_add=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["workflow", "-number"]
        constraints = [models.UniqueConstraint(fields=["workflow", "number"], name="version_number_unique")]

    def __str__(self) -> str:
        return f"{self.workflow} v{self.number}"

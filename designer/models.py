"""Tables of workflows and versions. No rules here: `designer.services.workflows` is the only writer."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models

from config.accounts.former_people import kept_name, name_of
from config.lib.json_field import JSONField
from designer.document.limits import EVENT_TYPE_LENGTH_MAX, NAME_LENGTH_MAX, TITLE_LENGTH_MAX

TRIAL_NUMBER = 0
FILES = (
    "(files)"  # the name of what holds definitions that came with runs' files; no workflow can be called so
)


class Designed(models.Manager["Workflow"]):
    """Workflows of this installation, without the holder of imported definitions."""

    def get_queryset(self) -> models.QuerySet[Workflow]:
        return super().get_queryset().exclude(name=FILES)


class Workflow(models.Model):
    """A named design with at most one draft and any number of published versions."""

    objects = Designed()
    every: models.Manager[Workflow] = models.Manager()

    name = models.CharField(max_length=NAME_LENGTH_MAX, unique=True)
    title = models.CharField(max_length=TITLE_LENGTH_MAX, blank=True)
    draft = JSONField(null=True, blank=True, help_text="The document being edited; may hold errors.")
    draft_revision = models.PositiveIntegerField(default=0)
    is_pattern = models.BooleanField(default=False, help_text="Shipped with the product.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    updated_by_name = kept_name()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def editor(self) -> str:
        """Username of who changed it last, also of a deleted account; empty if nobody did."""
        return name_of(self, "updated_by")


class Published(models.Manager["WorkflowVersion"]):
    """Published versions, without those that were kept for a trial or an imported run."""

    def get_queryset(self) -> models.QuerySet[WorkflowVersion]:
        return super().get_queryset().exclude(number=TRIAL_NUMBER)


class WorkflowVersion(models.Model):
    """A published definition. It never changes, and a run is pinned to one for ever.

    `document` is what the author wrote. `resolved` is what runs: the same with every default of the workflow
    and its workers filled in. A trial of a draft stores its definition in a row too, with the number
    `TRIAL_NUMBER`; only the manager `every` finds such rows.
    """

    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    document = JSONField()
    resolved = JSONField()
    published_at = models.DateTimeField(auto_now_add=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    published_by_name = kept_name()

    objects = Published()
    every: models.Manager[WorkflowVersion] = models.Manager()

    class Meta:
        ordering = ["workflow", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["workflow", "number"],
                condition=~models.Q(number=TRIAL_NUMBER),
                name="version_number_unique",
            )
        ]

    def __str__(self) -> str:
        return f"{self.workflow} {self.label}"

    @property
    def publisher(self) -> str:
        """Username of who published it, also of a deleted account; empty for the product itself."""
        return name_of(self, "published_by")

    @property
    def is_trial(self) -> bool:
        return self.number == TRIAL_NUMBER

    @property
    def is_of_file(self) -> bool:
        """Whether it belongs to an imported run: it can be viewed, and not run."""
        return self.is_trial and self.workflow.name == FILES

    @property
    def label(self) -> str:
        """Its name on pages, next to that of the workflow."""
        return "draft" if self.is_trial else f"v{self.number}"


class AwaitedEvent(models.Model):
    """A type of event that a step of a version waits for: events of other types need not be kept."""

    version = models.ForeignKey(WorkflowVersion, on_delete=models.CASCADE, related_name="awaited_events")
    event_type = models.CharField(max_length=EVENT_TYPE_LENGTH_MAX)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["event_type", "version"], name="awaited_event_unique"),
        ]

    def __str__(self) -> str:
        return self.event_type


LIMIT_PER_S = 60.0


class Limit(models.Model):
    """A named limit that steps and workers refer to: so many calls at a time, and so many in a time.

    `runs.limits.service` changes it and `runs.store.slots` counts. A row stays when its limit is removed,
    without numbers: then it limits nothing, and what waits for it goes on.
    """

    name = models.CharField(
        max_length=NAME_LENGTH_MAX,
        unique=True,
        help_text="As steps and workers state it.",
    )
    at_once = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Calls at a time; empty: any number.",
    )
    rate = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Calls in `per` seconds; empty: any number.",
    )
    per = models.FloatField(default=LIMIT_PER_S, db_default=LIMIT_PER_S, help_text="Seconds.")
    due_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the scheduler looks at what waits for it."
    )
    changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    changed_by_name = kept_name()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_stated(self) -> bool:
        """Whether it limits anything."""
        return self.at_once is not None or self.rate is not None

    @property
    def changer(self) -> str:
        """Username of who changed it last, also of a deleted account; empty if nobody did."""
        return name_of(self, "changed_by")

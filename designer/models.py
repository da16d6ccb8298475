"""Tables of workflows and versions. No rules here: `designer.services.workflows` is the only writer."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.validators import MinValueValidator
from django.db import models

from config.accounts.former_people import kept_name, name_of
from config.lib.json_field import JSONField
from designer.document.limits import (
    EVENT_TYPE_LENGTH_MAX,
    NAME_LENGTH_MAX,
    TEST_NAME_LENGTH_MAX,
    TITLE_LENGTH_MAX,
    VERSION_NOTE_LENGTH_MAX,
)

TRIAL_NUMBER = 0
FILES = (
    "(files)"  # the name of what holds definitions that came with runs' files; no workflow can be called so
)


FOLDER_NAME_LENGTH_MAX = 100


PUBLISH_NEEDS_LENGTH_MAX = 12


class PublishNeeds(models.TextChoices):
    """What has to be shown of a draft before it is published."""

    NOTHING = "nothing", "nothing"
    PROOF = "proof", "a proof"
    REHEARSAL = "rehearsal", "a proof and a rehearsal"


class Folder(models.Model):
    """A folder of workflows. It may say who may see, design and operate them; see `FolderRight`."""

    name = models.CharField(max_length=FOLDER_NAME_LENGTH_MAX, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class FolderRight(models.Model):
    """A group or a person that a folder names for an act. Where it names none, the role alone decides.

    A row stays when its group or its account is deleted: it then names nobody, and the folder stays closed.
    `designer.services.folder_rights` reads and writes it.
    """

    class Act(models.TextChoices):
        VIEW = "view", "See"
        DESIGN = "design", "Design"
        OPERATE = "operate", "Operate"

    folder = models.ForeignKey(Folder, on_delete=models.CASCADE, related_name="rights")
    act = models.CharField(max_length=7, choices=Act.choices)
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    group_name = models.CharField(max_length=150, blank=True, help_text="When it was named.")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    user_name = kept_name()

    class Meta:
        ordering = ["folder", "act", "id"]
        constraints = [
            models.UniqueConstraint(fields=["folder", "act", "group"], name="folder_right_of_group_unique"),
            models.UniqueConstraint(fields=["folder", "act", "user"], name="folder_right_of_user_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.folder}, {self.act}: {self.group_name or name_of(self, 'user')}"


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
    folder = models.ForeignKey(
        Folder, null=True, blank=True, on_delete=models.SET_NULL, related_name="workflows"
    )
    publish_needs = models.CharField(
        max_length=PUBLISH_NEEDS_LENGTH_MAX,
        choices=PublishNeeds.choices,
        default=PublishNeeds.NOTHING,
        db_default=PublishNeeds.NOTHING,
    )
    archived_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Since when it is hidden and starts no runs."
    )
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


class Favourite(models.Model):
    """A workflow that a person wants to find first."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="favourites")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "workflow"], name="favourite_unique")]

    def __str__(self) -> str:
        return f"{self.user}: {self.workflow}"


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
    note = models.CharField(max_length=VERSION_NOTE_LENGTH_MAX, blank=True, default="")

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


class Certificate(models.Model):
    """What the explorer has shown, or is about to show, of one definition of a workflow.

    `digest` and `builds_on` say of which: that of the definition with its defaults, and the numbers of the
    versions of other workflows that it runs. `histories`: the counterexamples as files of runs.
    """

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        STOPPED = "stopped"
        FAILED = "failed"

    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="certificates")
    digest = models.CharField(max_length=64)
    builds_on = JSONField(default=dict)
    state = models.CharField(max_length=12, choices=State.choices, default=State.RUNNING)
    holds = models.BooleanField(null=True)
    progress = JSONField(default=dict)
    content = JSONField(null=True)
    histories = JSONField(default=list)
    stop_asked = models.BooleanField(default=False)
    started_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(help_text="When the process that explores was last heard of.")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["workflow", "digest", "-id"], name="certificate_by_digest")]

    def __str__(self) -> str:
        return f"{self.workflow} {self.digest[:8]}: {self.state}"


class WorkflowTest(models.Model):
    """A saved test of a workflow, as `designer.saved_tests` reads it. It belongs to no version.

    `designer.services.saved_tests` is the only writer.
    """

    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="tests")
    place = models.PositiveIntegerField(help_text="Its place in the list.")
    name = models.CharField(max_length=TEST_NAME_LENGTH_MAX)
    document = JSONField()

    class Meta:
        ordering = ["workflow", "place"]
        constraints = [models.UniqueConstraint(fields=["workflow", "name"], name="workflow_test_name_unique")]

    def __str__(self) -> str:
        return f"{self.workflow}: {self.name}"


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

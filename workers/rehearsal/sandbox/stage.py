"""The stage of a rehearsal: the data folder of the sandbox, set up once and brought back for every run."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connections

from config.lib.caches import clear_all
from designer.models import Workflow, WorkflowVersion
from designer.services.workflows import create_trial_version, note_awaited_events
from workers.connections.models import Connection, Secret
from workers.rehearsal.job import Job

USER = "rehearsal"


@dataclass
class Stage:
    """`data` is the DATA_DIR of this process; `kept` holds copies of it beside."""

    data: Path
    kept: Path

    def keep(self, name: str) -> None:
        """Keeps the data folder as it is now, under a name."""
        connections.close_all()
        shutil.copytree(self.data, self.kept / name, dirs_exist_ok=True)

    def bring_back(self, name: str) -> None:
        """Replaces the data folder by what was kept, and forgets what this process remembers of it."""
        connections.close_all()
        shutil.rmtree(self.data)
        shutil.copytree(self.kept / name, self.data)
        clear_all()


def set_up(job: Job) -> tuple[int, int]:
    """Stores the workflow, what it may start, and who runs it. Returns the ids of version and person.

    Raises TrialRefused.
    """
    WorkflowVersion.every.all().delete()  # the shipped ones
    Workflow.every.all().delete()
    person = get_user_model().objects.create_superuser(USER)
    for connection in job.connections:
        _add_connection(connection)
    for version in job.versions:
        holder, _ = Workflow.objects.get_or_create(name=version.workflow)
        row = WorkflowVersion.objects.create(
            workflow=holder, number=version.number, document=version.document, resolved=version.resolved
        )
        note_awaited_events(row)
    Workflow.objects.update_or_create(name=job.name, defaults={"draft": job.document})
    return create_trial_version(job.name).pk, person.pk


def _add_connection(fields: dict[str, Any]) -> None:
    stated = dict(fields)
    secret = stated.pop("secret", None)
    kept = Secret.objects.create(**secret) if secret else None
    Connection.objects.create(**stated, secret=kept)

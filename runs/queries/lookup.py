"""Finding a run or a version by what callers know of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from designer.models import WorkflowVersion
from runs.errors import UnknownRun, UnknownWorkflow
from runs.models import Run


def find_run(run_id: UUID) -> Run:
    """Raises UnknownRun."""
    run = Run.objects.select_related("version").filter(pk=run_id).first()
    if run is None:
        raise UnknownRun(run_id)
    return run


def find_version(name: str, number: int | None = None) -> WorkflowVersion:
    """The newest published version, or the one of that number. Raises UnknownWorkflow."""
    versions = WorkflowVersion.objects.select_related("workflow").filter(workflow__name=name)
    version = versions.filter(**({} if number is None else {"number": number})).order_by("-number").first()
    if version is None:
        what = f"version {number} of " if number is not None else ""
        raise UnknownWorkflow(f"There is no published {what}workflow {name!r}.")
    return version


def latest_versions(name: str) -> Any:
    """The newest published version of a workflow, as a queryset of at most one."""
    versions = WorkflowVersion.objects.filter(workflow__name=name).select_related("workflow")
    return versions.order_by("-number")[:1]

"""Finding a run or a version by what callers know of it, or the refusal that says that there is none."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from designer.models import Workflow, WorkflowVersion
from designer.services import queries
from runs.errors import UnknownRun, UnknownWorkflow
from runs.models import Run


def find_run(run_id: UUID, *related: str) -> Run:
    """The run with its version's number and label, and with the `related` rows. Raises UnknownRun."""
    runs = Run.objects.select_related("version", *related)
    run = runs.defer("version__document", "version__resolved").filter(pk=run_id).first()
    if run is None:
        raise UnknownRun(run_id)
    return run


def find_workflow(name: str) -> Workflow:
    """The workflow without its draft, published or not. Raises UnknownWorkflow."""
    workflow = Workflow.objects.defer("draft").filter(name=name).first()
    if workflow is None:
        raise UnknownWorkflow(f"There is no workflow {name!r}.")
    return workflow


def find_version(name: str, number: int | None = None) -> WorkflowVersion:
    """The newest published version, or the one of that number. Raises UnknownWorkflow."""
    version = queries.find_version(name, number)
    if version is None:
        what = f"version {number} of " if number is not None else ""
        raise UnknownWorkflow(f"There is no published {what}workflow {name!r}.")
    return version


def latest_versions(name: str) -> QuerySet[WorkflowVersion]:
    """The newest published version of a workflow, as a queryset of at most one."""
    return queries.published_versions(name)[:1]

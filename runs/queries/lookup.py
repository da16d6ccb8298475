"""Lookups of runs, workflows and versions by id or name. Each raises the error that says there is none."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from designer.models import Workflow, WorkflowVersion
from designer.services import queries
from runs.errors import UnknownRun, UnknownWorkflow
from runs.models import Run


def find_run(run_id: UUID, *related: str) -> Run:
    """Returns the run with its version (without documents) and the `related` rows. Raises UnknownRun."""
    runs = Run.objects.select_related("version", *related)
    run = runs.defer("version__document", "version__resolved").filter(pk=run_id).first()
    if run is None:
        raise UnknownRun(run_id)
    return run


def title_of(run: Run) -> str:
    """Returns the title of a run's workflow, or its name if it has none."""
    titles = Workflow.objects.filter(versions=run.version_id).values_list("title", flat=True)
    return titles.first() or run.workflow_name


def find_workflow(name: str) -> Workflow:
    """Returns the workflow, published or not, without its draft. Raises UnknownWorkflow."""
    workflow = Workflow.objects.defer("draft").filter(name=name).first()
    if workflow is None:
        raise UnknownWorkflow(f"There is no workflow {name!r}.")
    return workflow


def find_version(name: str, number: int | None = None) -> WorkflowVersion:
    """Returns the newest published version, or the one of that number. Raises UnknownWorkflow."""
    version = queries.find_version(name, number)
    if version is None:
        what = f"version {number} of " if number is not None else ""
        raise UnknownWorkflow(f"There is no published {what}workflow {name!r}.")
    return version


def latest_versions(name: str) -> QuerySet[WorkflowVersion]:
    """Returns the newest published version of a workflow as a queryset of at most one."""
    return queries.published_versions(name)[:1]

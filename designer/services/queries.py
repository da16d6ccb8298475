"""Queries of workflows, versions, documents and their problems. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, QuerySet

from designer.document.document import parse
from designer.document.graph import Graph
from designer.errors import NotPublished, UnknownWorkflow
from designer.models import Workflow, WorkflowVersion
from designer.problems import Problem
from designer.services.limits import limit_problems
from designer.services.secrets import sealed_problems
from designer.validation.workflow import check_document
from workers.registry import get_catalog


def get_workflow(name: str) -> Workflow:
    """Raises `UnknownWorkflow`."""
    workflow = Workflow.objects.filter(name=name).first()
    if workflow is None:
        raise UnknownWorkflow(name)
    return workflow


def workflow_names() -> frozenset[str]:
    """The names of all workflows."""
    return frozenset(Workflow.objects.values_list("name", flat=True))


def published_versions(workflow: str | Workflow | OuterRef) -> QuerySet[WorkflowVersion]:
    """The published versions of a workflow (its name, its row, or a reference to it), the newest first."""
    key = "workflow__name" if isinstance(workflow, str) else "workflow"
    return WorkflowVersion.objects.filter(**{key: workflow}).select_related("workflow").order_by("-number")


def find_version(workflow: str | Workflow, number: int | None = None) -> WorkflowVersion | None:
    """The published version of that number, the newest without one, or None."""
    versions = published_versions(workflow)
    return (versions if number is None else versions.filter(number=number)).first()


def get_version(name: str, number: int | None = None) -> WorkflowVersion:
    """As `find_version`; raises `UnknownWorkflow` or `NotPublished`."""
    version = find_version(name, number)
    if version is None:
        get_workflow(name)
        raise NotPublished(name) if number is None else UnknownWorkflow(name, number)
    return version


def published_graph(name: str, number: int | None = None) -> Graph | None:
    """The resolved graph of a published version, the newest without a number, or None."""
    version = find_version(name, number)
    return parse(version.resolved)[0] if version else None


def document_of(workflow: Workflow) -> dict[str, Any] | None:
    """The document that is edited next: the draft, else that of the newest version, else None."""
    if workflow.draft is not None:
        return dict(workflow.draft)
    newest = find_version(workflow)
    return dict(newest.document) if newest else None


def problems_of(document: object, name: str | None = None) -> list[Problem]:
    """Every problem of a document, as if it were published now, under `name` if given."""
    problems = check_document(document, get_catalog(), published_graph)
    written = document.get("name") if isinstance(document, Mapping) else None
    problems += limit_problems(document)
    problems += sealed_problems(document, str(name or written), settings.SECRET_KEY)
    if name is not None and isinstance(written, str) and written != name:
        message = f"the workflow is named '{name}' and keeps its name"
        problems.append(Problem("name_mismatch", "name", message))
    return problems

"""Queries of workflows, versions, documents and their problems. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import OuterRef, QuerySet

from config.sealing_keys import sealing_keys
from designer.document.document import parse
from designer.document.graph import Graph
from designer.errors import NotPublished, UnknownWorkflow
from designer.models import Workflow, WorkflowVersion
from designer.problems import Problem
from designer.services.connections import connection_problems
from designer.services.folder_rights import names_in, seen
from designer.services.limits import limit_problems
from designer.services.operation_problems import operation_problems
from designer.services.secrets import sealed_problems
from designer.validation.bodies import with_bodies
from designer.validation.worker_calls import Workflows
from designer.validation.workflow import check_document
from workers.registry import get_catalog


def get_workflow(name: str) -> Workflow:
    """Raises `UnknownWorkflow`."""
    workflow = Workflow.objects.filter(name=name).first()
    if workflow is None:
        raise UnknownWorkflow(name)
    return workflow


def workflow_names(user: Any = None) -> frozenset[str]:
    """The names of all workflows that a person may see."""
    return frozenset(seen(Workflow.objects.all(), user, "name").values_list("name", flat=True))


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


def started_by(graph: Graph) -> set[str]:
    """The names of the workflows that steps of a graph, or of bodies in it, run."""
    return {step.workflow for part, _ in with_bodies(graph) for step in part.steps if step.workflow}


def _graphs_beside(hidden: frozenset[int], name: str | None) -> Workflows:
    """As `published_graph`, without workflows in hidden folders.

    One that the newest version of the workflow `name` runs already stays allowed, and nothing of it is told.
    """
    graph = published_graph(name) if name else None
    kept = started_by(graph) if graph else set()

    def graph_of(workflow: str, number: int | None = None) -> Graph | None:
        if not names_in(hidden).filter(name=workflow).exists():
            return published_graph(workflow, number)
        return Graph(workflow) if workflow in kept else None

    return graph_of


def document_of(workflow: Workflow) -> dict[str, Any] | None:
    """The document that is edited next: the draft, else that of the newest version, else None."""
    if workflow.draft is not None:
        return dict(workflow.draft)
    newest = find_version(workflow)
    return dict(newest.document) if newest else None


def problems_of(
    document: object, name: str | None = None, hidden: frozenset[int] = frozenset()
) -> list[Problem]:
    """Every problem of a document, as if it were published now, under `name` if given.

    `hidden`: folders that its author may not see, whose workflows do not exist for them.
    """
    workflows = _graphs_beside(hidden, name) if hidden else published_graph
    problems = check_document(document, get_catalog(), workflows)
    written = document.get("name") if isinstance(document, Mapping) else None
    problems += limit_problems(document)
    problems += connection_problems(document)
    problems += sealed_problems(document, str(name or written), sealing_keys())
    problems += operation_problems(document)
    if name is not None and isinstance(written, str) and written != name:
        message = f"the workflow is named '{name}' and keeps its name"
        problems.append(Problem("name_mismatch", "name", message))
    return problems

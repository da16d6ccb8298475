"""Data of the pages of workflows, read with few queries. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.urls import reverse

from config.lib.apart import apart
from designer import patterns
from designer.document.document import parse
from designer.document.graph import Graph, Step, slot_of
from designer.document.wording import Part, wording_parts
from designer.models import TRIAL_NUMBER, Workflow, WorkflowVersion
from designer.services.connections import known_names
from designer.services.folder_rights import barred
from designer.services.openapi import known_apis
from designer.services.queries import document_of, find_version, problems_of, published_versions
from designer.services.worker_catalog import described_workers

PAGE_SIZE = 50
VERSIONS_SHOWN_MAX = 20
WORKFLOWS_NAMED_MAX = 500


@dataclass(frozen=True, slots=True)
class Shelf:
    """Which workflows a list shows. `folder`: of that folder alone, or 0 for those in none.

    Archived ones are left out, unless `archived` shows them instead of the others. `seen_by`: the person whom
    it is shown; workflows in folders that they may not see are left out.
    """

    search: str = ""
    folder: int | None = None
    archived: bool = False
    favourites_of: Any = None
    examples: bool | None = None
    seen_by: Any = None

    def workflows(self) -> QuerySet[Workflow]:
        """Ordered by nothing yet."""
        workflows = Workflow.objects.filter(archived_at__isnull=not self.archived)
        if hidden := barred(self.seen_by, "view"):
            workflows = workflows.exclude(folder__in=hidden)
        if self.search:
            workflows = workflows.filter(Q(name__icontains=self.search) | Q(title__icontains=self.search))
        if self.folder is not None:
            workflows = workflows.filter(folder=self.folder or None)
        if self.favourites_of is not None:
            workflows = workflows.filter(favourites__user=self.favourites_of)
        return workflows if self.examples is None else workflows.filter(is_pattern=self.examples)


def workflows_by_name(shelf: Shelf, after: str = "") -> QuerySet[Workflow]:
    """The workflows of a list, by name, after the name `after` (keyset).

    Annotated with `latest` (number), `description` and `version_count`.
    """
    newest = published_versions(OuterRef("pk"))
    workflows = shelf.workflows().defer("draft").select_related("updated_by", "folder").filter(name__gt=after)
    return workflows.annotate(
        latest=Subquery(newest.values("number")[:1]),
        description=Subquery(newest.annotate(text=KT("document__description")).values("text")[:1]),
        version_count=Count("versions", filter=~Q(versions__number=TRIAL_NUMBER)),
    ).order_by("name")


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step of a version. `does` is its wording in parts, see `designer.document.kinds.Part`."""

    step: Step
    does: list[Part]
    calls_worker: bool
    slot: str
    undo_worker: str


@dataclass(frozen=True, slots=True)
class EdgeLine:
    """A step with its successors and the conditions of the edges to them."""

    source: str
    targets: list[tuple[str, str]]


def ordered(graph: Graph) -> list[Step]:
    """Steps in topological order. Those on a cycle, which a draft may have, come last."""
    last = len(graph.steps)
    return sorted(graph.steps, key=lambda step: graph.position.get(step.name, last))


def step_lines(graph: Graph) -> list[StepLine]:
    return [
        StepLine(
            step,
            wording_parts(step.traits.in_version, vars(step)),
            step.traits.calls_worker,
            slot_of(step),
            step.undo.worker if step.undo else "",
        )
        for step in ordered(graph)
    ]


def chosen_version(workflow: Workflow, number: str) -> WorkflowVersion | None:
    """The version with that number, or the newest where none is asked for."""
    return find_version(workflow, int(number[:9]) if number.isdecimal() else None)


def edit_data(workflow: Workflow, user: Any = None) -> dict[str, Any]:
    """The data that the canvas needs to edit a workflow: the draft, else the newest version's document."""
    hidden = barred(user, "view")
    newest = find_version(workflow)
    document = document_of(workflow) or {"schema": 1, "name": workflow.name}
    published = Workflow.objects.filter(archived_at=None, pk__in=WorkflowVersion.objects.values("workflow"))
    published = published.exclude(folder__in=hidden) if hidden else published
    names = published.exclude(pk=workflow.pk).order_by("name").values_list("name", flat=True)
    return {
        "name": workflow.name,
        "document": document,
        "revision": workflow.draft_revision,
        "problems": [problem.as_json() for problem in apart(problems_of, document, workflow.name, hidden)],
        "published": newest.document if newest else None,
        "workers": described_workers(),
        "workflows": list(names[:WORKFLOWS_NAMED_MAX]),
        "names": known_names(),
        "apis": known_apis(),
        "patterns": patterns.offered(),
        "api": f"/api/v1/workflows/{workflow.name}",
        "page": reverse("workflow-detail", args=[workflow.name]),
        "login": reverse("login"),
    }


def version_context(version: WorkflowVersion) -> dict[str, Any]:
    """Template context of a published version: its resolved steps and edges, and the data of the canvas."""
    graph, _ = parse(version.resolved)
    if graph is None:
        return {"graph": None}
    api = f"/api/v1/workflows/{version.workflow.name}/versions/{version.number}"
    return {
        "graph": graph,
        "steps": step_lines(graph),
        "edges": [
            EdgeLine(
                step.name,
                [(edge.target, "otherwise" if edge.otherwise else edge.when or "") for edge in edges],
            )
            for step in ordered(graph)
            if (edges := graph.outgoing[step.name])
        ],
        "canvas": {
            "document": version.resolved,
            "coverage": f"{api}/coverage",
            "figures": f"{api}/figures",
        },
    }

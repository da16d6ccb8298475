"""Which steps of drafts and versions call a worker or use a connection. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Literal

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast

from designer.document.calls import Action
from designer.document.document import parse, salvage
from designer.document.graph import Graph, Step
from designer.document.resolve import undo_of
from designer.models import Workflow, WorkflowVersion
from designer.services.calls import steps_by_path
from designer.services.connections import connections_of
from designer.services.queries import published_versions
from workers.registry import get_catalog

Kind = Literal["worker", "connection"]
Slot = Literal["step", "undo", "verify", "fallback"]
DOCUMENTS_MAX = 200


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a step, which is named by its path: `outer/inner`."""

    step: str
    slot: Slot
    is_map: bool = False


def calls_of(graph: Graph, kind: Kind, name: str) -> list[Call]:
    """Returns the calls of a worker, or those that use a connection; with the undo that a worker brings."""
    depends = _test(kind, name)
    return [
        Call(path, slot, step.traits.has_items)
        for path, step in steps_by_path(graph)
        for slot, action in _actions(step)
        if depends(action)
    ]


def _actions(step: Step) -> Iterator[tuple[Slot, Action]]:
    if step.calls_worker and step.worker:
        yield "step", step.own
    undo = undo_of(step, get_catalog())
    if isinstance(undo, Action):
        yield "undo", undo
    if step.verify is not None:
        yield "verify", step.verify
    if step.fallback is not None:
        yield "fallback", step.fallback


def _test(kind: Kind, name: str) -> Callable[[Action], bool]:
    if kind == "worker":
        return lambda action: action.worker == name
    return lambda action: name in connections_of(action)


def drafts_with(kind: Kind, name: str) -> Iterator[tuple[str, list[Call]]]:
    """Yields workflows whose draft depends on a worker or a connection, with its calls, by name."""
    drafts = Workflow.objects.annotate(text=Cast("draft", TextField())).filter(_holds(kind, name))
    rows = drafts.order_by("name").values_list("name", "draft")
    for workflow, draft in rows[:DOCUMENTS_MAX].iterator(chunk_size=20):
        if calls := calls_of(salvage(draft)[0], kind, name):
            yield workflow, calls


def versions_with(kind: Kind, name: str) -> QuerySet[WorkflowVersion]:
    """The versions whose text holds the name, the last published first, without their documents.

    Annotated with `newest`: the number of their workflow's newest version.
    """
    newest = published_versions(OuterRef("workflow")).values("number")[:1]
    versions = WorkflowVersion.objects.annotate(newest=Subquery(newest), text=Cast("resolved", TextField()))
    held = versions.filter(_holds(kind, name)).defer("document", "resolved")
    return held.select_related("workflow").order_by("-published_at", "-pk")


def is_newest(version: WorkflowVersion) -> bool:
    """Whether a version of `versions_with` is the newest of its workflow."""
    return bool(version.number == vars(version)["newest"])


def calls_in_version(version: WorkflowVersion, kind: Kind, name: str) -> list[Call]:
    graph = parse(version.resolved)[0]
    return calls_of(graph, kind, name) if graph else []


def newest_that_call(worker: str, *, besides: str = "") -> QuerySet[WorkflowVersion]:
    """The newest versions of workflows, but that of `besides`, whose text holds the name of a worker."""
    versions = versions_with("worker", worker).filter(number=F("newest"))
    return versions.exclude(workflow__name=besides)


def _holds(kind: Kind, name: str) -> Q:
    """The database looks through the texts, also for workers that bring the one as their undo."""
    names = [name]
    if kind == "worker":
        names += [spec.name for spec in get_catalog().values() if spec.compensation == name]
    return reduce(or_, (Q(text__contains=f'"{written}"') for written in names))

"""Which workflows name a connection or a secret. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, Q, Subquery, TextField
from django.db.models.functions import Cast

from designer.models import Workflow, WorkflowVersion
from designer.services.connections import references
from designer.services.folder_rights import seen
from designer.services.queries import published_versions

USES_SHOWN_MAX = 50


@dataclass(frozen=True, slots=True)
class Use:
    """A workflow that names a connection or secret: its draft, its newest version or both."""

    workflow: str
    places: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.workflow} ({' and '.join(self.places)})"


def uses_of(name: str, *, is_secret: bool = False, user: Any = None) -> list[Use]:
    """The workflows whose draft or newest version names a connection or secret, up to USES_SHOWN_MAX.

    `user`: the person who asks, from whom workflows of folders that they may not see are kept.
    """
    found: dict[str, list[str]] = {}
    for workflow, place, document in _documents_with(name, user):
        if any(one.name == name and (one.kind == "") == is_secret for one in references(document)):
            found.setdefault(workflow, []).append(place)
            if len(found) > USES_SHOWN_MAX:
                break
    return [Use(workflow, tuple(places)) for workflow, places in sorted(found.items())[:USES_SHOWN_MAX]]


def _documents_with(name: str, user: Any) -> Iterator[tuple[str, str, Any]]:
    """Drafts and newest versions whose text holds a name in quotes. The database looks through the texts."""
    text = Q(text__contains=f'"{name}"')
    drafts = Workflow.objects.annotate(text=Cast("draft", TextField())).filter(text).order_by("name")
    for workflow, draft in seen(drafts, user, "name").values_list("name", "draft").iterator(chunk_size=20):
        yield workflow, "draft", draft
    newest = published_versions(OuterRef("workflow")).values("number")[:1]
    versions = WorkflowVersion.objects.annotate(newest=Subquery(newest), text=Cast("document", TextField()))
    found = versions.filter(text, number=F("newest")).order_by("workflow__name")
    found = seen(found, user, "workflow__name")
    for workflow, number, document in found.values_list("workflow__name", "number", "document").iterator(20):
        yield workflow, f"version {number}", document

"""Named limits that a document refers to, and whether they are stated. Reads only."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from designer.models import Limit
from designer.problems import Problem, join, suggestion
from designer.services.calls import calls_in


def stated_limits() -> set[str]:
    """The names of the limits that limit anything."""
    stated = Limit.objects.filter(Q(at_once__isnull=False) | Q(rate__isnull=False))
    return set(stated.values_list("name", flat=True))


def limit_problems(document: object) -> list[Problem]:
    """Warns of limits in a document that nobody has stated."""
    references = list(_references(document))
    if not references:
        return []
    known = stated_limits()
    return [
        Problem(
            "unknown_limit",
            path,
            f"nobody has stated a limit '{name}'{suggestion(name, known)}; until then it limits nothing",
            "warning",
        )
        for path, name in references
        if name not in known
    ]


def _references(document: object) -> Iterator[tuple[str, str]]:
    for path, call in calls_in(document):
        if isinstance(call.get("limit"), str):
            yield join(path, "limit"), call["limit"]

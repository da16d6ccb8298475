"""Named limits that a document refers to, and whether they are stated. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Q

from designer.models import Limit
from designer.problems import Problem, join, suggestion

CALLS = ("compensation", "verify", "fallback")


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
    steps = document.get("steps") if isinstance(document, Mapping) else None
    for place, step in enumerate(steps if isinstance(steps, list | tuple) else ()):
        if isinstance(step, Mapping):
            yield from _of_step(step, join("steps", place))


def _of_step(step: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for part, where in [(step, path), *((step.get(call), join(path, call)) for call in CALLS)]:
        name = part.get("limit") if isinstance(part, Mapping) else None
        if isinstance(name, str):
            yield join(where, "limit"), name

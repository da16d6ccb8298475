"""A single step of a document as a document of its own, for a trial of that step. PURE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from designer.document.kinds import DEFAULT_KIND, KINDS, row_of
from designer.expressions.expressions import resolve

IGNORED_FIELDS = ("when", "on_failure", "pivot")


def places_of(document: Mapping[str, Any], path: str) -> list[tuple[int, ...]]:
    """The places of the steps that have the path `outer/inner`, each as indexes from the outermost step on.

    A draft may have a name several times, or none of the path's steps.
    """
    name, is_inside, rest = path.partition("/")
    steps = document.get("steps")
    found: list[tuple[int, ...]] = []
    for place, step in enumerate(steps if isinstance(steps, list) else ()):
        if not isinstance(step, Mapping) or step.get("name") != name:
            continue
        body = step.get("body")
        if not is_inside:
            found.append((place,))
        elif isinstance(body, Mapping):
            found += [(place, *inner) for inner in places_of(body, rest)]
    return found


def single_step(
    document: Mapping[str, Any], place: Sequence[int], scope: Mapping[str, Any]
) -> dict[str, Any]:
    """A document with only the step at `place`, without its guard, its expressions evaluated in `scope`.

    A failure always ends the trial, so `on_failure` is replaced. Params and input of a map or loop remain
    expressions, since they are evaluated for each item. Raises `ExpressionError`.
    """
    *outer, last = place
    graph = document
    for index in outer:
        graph = graph["steps"][index]["body"]
    step = {key: value for key, value in graph["steps"][last].items() if key not in IGNORED_FIELDS}
    row = row_of(step.get("kind")) or KINDS[DEFAULT_KIND]
    bound = () if row.has_items else ("params", *row.evaluated)
    step |= {key: literal(resolve(step[key], scope)) for key in bound if key in step}
    header = {key: document[key] for key in ("schema", "name", "title", "defaults") if key in document}
    return {**header, "steps": [{**step, "on_failure": "compensate"}]}


def literal(value: Any) -> Any:
    """A JSON value whose texts are no expressions: a leading `=` is escaped by doubling it."""
    if isinstance(value, str):
        return f"={value}" if value.startswith("=") else value
    if isinstance(value, Mapping):
        return {key: literal(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [literal(part) for part in value]
    return value

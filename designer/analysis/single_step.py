"""One step of a document as a document of its own, to be tried alone. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designer.document.kinds import DEFAULT_KIND, KINDS, row_of
from designer.expressions.expressions import resolve

UNTRIED = ("when", "on_failure", "pivot")


def single_step(document: Mapping[str, Any], place: int, scope: Mapping[str, Any]) -> dict[str, Any]:
    """The step at `place`, without its guard and with its expressions evaluated in `scope`.

    A failure ends the trial, whatever the step says of failures. Params of a map stay expressions,
    since they are evaluated for each item. Raises `ExpressionError`.
    """
    step = {key: value for key, value in document["steps"][place].items() if key not in UNTRIED}
    row = row_of(step.get("kind")) or KINDS[DEFAULT_KIND]
    bound = row.evaluated if row.has_items else ("params", *row.evaluated)
    step |= {key: literal(resolve(step[key], scope)) for key in bound if key in step}
    kept = {key: document[key] for key in ("schema", "name", "title", "defaults") if key in document}
    return {**kept, "steps": [{**step, "on_failure": "compensate"}]}


def literal(value: Any) -> Any:
    """A JSON value in which nothing is an expression any more."""
    if isinstance(value, str):
        return f"={value}" if value.startswith("=") else value
    if isinstance(value, Mapping):
        return {key: literal(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [literal(part) for part in value]
    return value

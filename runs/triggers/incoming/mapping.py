"""Expressions of triggers: `when` says whether what comes is for a workflow, `map` makes its input. PURE.

They read `body`, `headers` and `query` of a webhook's call, `event` of an event, `file` of a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from designer.errors import ExpressionError
from designer.expressions.budget import SharedBudget
from designer.expressions.expressions import bare, compile_expression, condition, expressions_in, resolve
from designer.expressions.functions.times import NOW, Time

NAMES: Mapping[str, frozenset[str]] = {
    "hook": frozenset({"body", "headers", "query"}),
    "event": frozenset({"event"}),
    "file": frozenset({"file"}),
    "schedule": frozenset(),
}

Scope = Mapping[str, Any]


def problems_of(kind: str, when: str, mapping: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with the expressions of a trigger, as pairs of path and message."""
    for path, source in [*([("when", bare(when))] if when else ()), *expressions_in(mapping, "map")]:
        try:
            compile_expression(source, NAMES[kind])
        except ExpressionError as error:
            yield path, str(error)


def is_for_us(kind: str, when: str, scope: Scope, now: Time) -> bool:
    """Whether a trigger's `when` is true. Raises ExpressionError."""
    with SharedBudget():
        return not when or condition(bare(when), {**scope, NOW: now}, NAMES[kind])


def mapped(kind: str, mapping: Mapping[str, Any], scope: Scope, now: Time) -> dict[str, Any]:
    """The input that a trigger's `map` makes. Raises ExpressionError, which names the key."""
    made = {}
    with SharedBudget():
        for key, value in mapping.items():
            try:
                made[key] = resolve(value, {**scope, NOW: now}, NAMES[kind])
            except ExpressionError as error:
                raise ExpressionError(f"map.{key}: {error}") from error
    return made

"""What an expression at a given path of a document may read, for completion in the designer. PURE.

Paths are written as in problems: `steps[2].params.amount`, `edges[0].when`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from designer.document.graph import Graph, Step
from designer.validation.references import BASE, EVENT, OF_TURN, UNDO, Order

DEPTH_MAX = 4
PATHS_MAX = 500
KEYS_PER_OBJECT_MAX = 50
SAMPLE_LENGTH_MAX = 60

_BODY = re.compile(r"steps\[(\d{1,6})\]\.body\.", re.ASCII)
_PATH = re.compile(r"(steps|edges)\[(\d{1,6})\](?:\.(\w+))?", re.ASCII)
_KEY = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_TYPES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "true or false"),
    ((int, float), "number"),
    (str, "text"),
    (Mapping, "object"),
    ((list, tuple), "list"),
)


@dataclass(frozen=True, slots=True)
class ExpressionPosition:
    """What is known at a path.

    `after`: the steps with known outputs. `step`: the one the expression is in, `graph`: the whole workflow
    or the body of a step, `outer`: the position of that step, where the body's input comes from.
    """

    variables: frozenset[str]
    after: tuple[str, ...]
    step: Step | None = None
    is_undo: bool = False
    graph: Graph | None = None
    outer: ExpressionPosition | None = None


def position_at(graph: Graph, path: str, outer: ExpressionPosition | None = None) -> ExpressionPosition:
    """What is known at a path of a sound graph; for an unknown path only the input."""
    inside = _BODY.match(path)
    if inside and int(inside[1]) < len(graph.steps) and graph.steps[int(inside[1])].body is not None:
        around = position_at(graph, f"steps[{inside[1]}].input", outer)
        return position_at(graph.body_of(graph.steps[int(inside[1])].name), path[inside.end() :], around)
    return replace(_position_in(graph, path), graph=graph, outer=outer)


def _position_in(graph: Graph, path: str) -> ExpressionPosition:
    base = BASE | graph.variables
    match = _PATH.match(path)
    part, place, field = match.groups() if match else ("", "0", "")
    if part == "edges" and int(place) < len(graph.edges):
        source = graph.edges[int(place)].source
        return ExpressionPosition(base, (*_before(graph, source), source), graph.by_name.get(source))
    if part == "steps" and int(place) < len(graph.steps):
        step = graph.steps[int(place)]
        if field == "compensation":
            undo = base | step.variables | UNDO
            return ExpressionPosition(undo, tuple(graph.by_name), step, is_undo=True)
        own = step.variables if field in ("params", "input", "verify", "fallback") else frozenset()
        own = EVENT if field in ("match", "any_of") else own
        own = OF_TURN if step.repeats and field in ("until", "while", "delay") else own
        return ExpressionPosition(base | own, _before(graph, step.name), step)
    return ExpressionPosition(base, ())


def _before(graph: Graph, name: str) -> tuple[str, ...]:
    order = Order(graph)
    return tuple(
        other for other in order.number if name in order.before and order.is_known(other, name, False)
    )


@dataclass(frozen=True, slots=True)
class Known:
    """A path that an expression may read. `sample` is its value as a short text, empty if unknown."""

    path: str
    type: str
    sample: str = ""


def known_in(scope: Mapping[str, Any]) -> list[Known]:
    """The paths in a scope, breadth first: at most `DEPTH_MAX` levels and `PATHS_MAX` paths."""
    known_paths: list[Known] = []
    level: list[tuple[str, Any]] = list(scope.items())
    for _ in range(DEPTH_MAX):
        known_paths += [Known(path, type_of(value), sample_of(value)) for path, value in level]
        level = [inner for path, value in level for inner in _inside(path, value)]
        if len(known_paths) >= PATHS_MAX:
            break
    return known_paths[:PATHS_MAX]


def _inside(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key in list(value)[:KEYS_PER_OBJECT_MAX]:
            if isinstance(key, str) and _KEY.fullmatch(key):
                yield f"{path}.{key}", value[key]


def known_at(graph: Graph, position: ExpressionPosition, scope: Mapping[str, Any]) -> list[Known]:
    """All paths that an expression may read there. Values in `scope` replace what is only promised."""
    promised = [
        *_known_of_schema((position.graph or graph).input_schema),
        *(Known(name, "any") for name in sorted(position.variables)),
    ]
    for step in (position.graph or graph).steps:
        if step.name in position.after:
            promised.append(Known(f"steps.{step.name}", "what the step gives"))
            promised.append(Known(f"outcomes.{step.name}.status", "how it ended"))
            if step.output_key:
                promised.append(Known(f"context.{step.output_key}", f"what {step.name} gives"))
    by_path = {known.path: known for known in (*promised, *known_in(scope))}
    return sorted(by_path.values(), key=lambda known: (known.path.count("."), known.path))[:PATHS_MAX]


def _known_of_schema(schema: Mapping[str, Any] | None) -> list[Known]:
    """The properties of an input schema, under `context` and `input`."""
    properties = (schema or {}).get("properties")
    parts = properties.items() if isinstance(properties, Mapping) else ()
    keys = [(key, part) for key, part in parts if _KEY.fullmatch(key) and isinstance(part, Mapping)]
    return [Known(f"{root}.{key}", _schema_type(part)) for root in ("context", "input") for key, part in keys]


def _schema_type(part: Mapping[str, Any]) -> str:
    names = {"string": "text", "integer": "number", "array": "list", "boolean": "true or false"}
    stated = part.get("type")
    return names.get(stated, stated) if isinstance(stated, str) else "any"


def type_of(value: Any) -> str:
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "nothing")


def sample_of(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{len(value)} keys"
    if isinstance(value, list | tuple):
        return f"{len(value)} items"
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= SAMPLE_LENGTH_MAX else f"{text[: SAMPLE_LENGTH_MAX - 1]}…"

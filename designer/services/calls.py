"""The steps of a graph, and the worker calls of a document as it is written, which may have errors. PURE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from designer.document.graph import Graph, Step
from designer.problems import join

SLOTS = ("compensation", "verify", "fallback")
DEPTH_MAX = 20  # of bodies within bodies


def calls_in(document: object, path: str = "", depth: int = 0) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields path and call: each step, the calls in its slots, and those of its body."""
    steps = document.get("steps") if isinstance(document, Mapping) else None
    for place, step in enumerate(steps if isinstance(steps, list | tuple) else ()):
        if not isinstance(step, Mapping):
            continue
        where = join(join(path, "steps"), place)
        yield where, step
        yield from ((join(where, slot), step[slot]) for slot in SLOTS if isinstance(step.get(slot), Mapping))
        if depth < DEPTH_MAX:
            yield from calls_in(step.get("body"), join(where, "body"), depth + 1)


def steps_by_path(graph: Graph, around: str = "") -> Iterator[tuple[str, Step]]:
    """Yields each step with its path, those of bodies behind the step that has them."""
    for step in graph.steps:
        yield around + step.name, step
        if step.body is not None:
            yield from steps_by_path(graph.body_of(step.name), f"{around}{step.name}/")

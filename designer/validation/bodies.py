"""The graphs inside the steps of a workflow, with their paths in the document. PURE."""

from __future__ import annotations

from collections.abc import Iterator

from designer.document.graph import Graph
from designer.problems import join


def with_bodies(graph: Graph, path: str = "") -> Iterator[tuple[Graph, str]]:
    """Yields a graph and those inside its steps, at any depth, each with its path: `steps[2].body`.

    Two steps of one name, which is a problem by itself, may each have a body.
    """
    yield graph, path
    for index, step in enumerate(graph.steps):
        if step.body is not None:
            inside = graph.with_steps((step,), ()).body_of(step.name)
            place = join(join("steps", index), "body")
            yield from with_bodies(inside, f"{path}.{place}" if path else place)

"""Random limits of flow of a workflow."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from designer.document.flow import WHEN_FULL, Concurrency, Rate
from designer.document.graph import Graph

PER_S = 20.0


def make_flow(rng: Random, graph: Graph) -> Graph:
    """Lets the runs of some workflows stand in line."""
    if rng.random() < 0.7:
        return graph
    key = rng.choice((None, "=input.v"))
    concurrency = Concurrency(rng.choice((1, 1, 2)), key, rng.choice(WHEN_FULL))
    rate = Rate(rng.choice((1, 2)), PER_S, key)
    kind = rng.choice(("concurrency", "concurrency", "rate", "both"))
    return replace(
        graph,
        concurrency=concurrency if kind != "rate" else None,
        rate=rate if kind != "concurrency" else None,
    )

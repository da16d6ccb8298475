"""`python -m tests.bench.proofs [SIZE …]`: how long proofs take, and how many states they visit."""

from __future__ import annotations

import sys
import time

from designer.document.graph import Action, Edge, Graph, Retry, Step
from runs.explorer.search import Budget, explore

SIZES = (10, 30, 100, 200, 300)
DECISIONS_MAX = 100_000_000


def row(size: int) -> Graph:
    """Steps one after the other, each with an undo."""
    steps = [_step(f"s{number}") for number in range(size)]
    pairs = zip(steps, steps[1:], strict=False)
    return Graph("row", steps=tuple(steps), edges=tuple(Edge(one.name, two.name) for one, two in pairs))


def branches(size: int) -> Graph:
    """Diamonds: a step, two branches, and the join, again and again."""
    steps: list[Step] = []
    edges: list[Edge] = []
    last = None
    for number in range(size // 4):
        first, left, right, join = (f"{letter}{number}" for letter in "abcd")
        steps += [_step(name) for name in (first, left, right, join)]
        edges += [Edge(last, first)] if last else []
        edges += [Edge(first, left, when=f"context.x{number} > 3"), Edge(first, right, otherwise=True)]
        edges += [Edge(left, join), Edge(right, join)]
        last = join
    return Graph("branches", steps=tuple(steps), edges=tuple(edges))


def beside(size: int) -> Graph:
    """Layers of three steps side by side."""
    steps = [_step(f"s{number}") for number in range(size)]
    layers = [steps[place : place + 3] for place in range(0, size, 3)]
    pairs = zip(layers, layers[1:], strict=False)
    edges = tuple(Edge(one.name, two.name) for before, after in pairs for one in before for two in after)
    return Graph("beside", steps=tuple(steps), edges=edges)


def _step(name: str) -> Step:
    undo = Action("undo")
    return Step(name, worker="do", on_failure="compensate", compensation=undo, timeout=300.0, retry=Retry())


def main() -> None:
    sizes = [int(word) for word in sys.argv[1:]] or list(SIZES)
    print("| graph | steps | seconds | states | faults | holds |\n| --- | --- | --- | --- | --- | --- |")
    for size in sizes:
        for make in (row, branches, beside):
            graph = make(size)
            begun = time.process_time()
            found = explore(graph, budget=Budget(pairs=0, decisions=DECISIONS_MAX))
            took = time.process_time() - begun
            counts = f"{took:.1f} | {found.decisions:,} | {found.faults:,}"
            print(f"| {graph.name} | {len(graph.steps)} | {counts} | {found.is_proven} |", flush=True)


if __name__ == "__main__":
    main()

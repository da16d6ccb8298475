"""The edges of a run as its journal decides them: guards, branches and caught failures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designer.document.graph import Graph
from runs.machine.events import Entry
from tests.simulation.model import Model, Violation, Wrong, demand


class Routes:
    """Which edges are taken so far, compared with the model."""

    def __init__(self, graph: Graph, input: Mapping[str, Any]) -> None:
        self.graph = graph
        self.model = Model(graph, input)
        self.taken: dict[str, list[bool]] = {}  # by step, whether each decided incoming edge is taken
        self.unrouted = ""

    def _is_ready(self, name: str) -> bool:
        edges, decided = self.model.sources(name), self.taken.get(name, [])
        return len(decided) == len(edges) and (any(decided) or not edges)

    def _check_guard(self, name: str, expected: bool) -> None:
        try:
            demand(self.model.guard(name) == expected, f"the guard of {name} says otherwise")
        except Wrong:
            raise Violation(f"the guard of {name} cannot be evaluated") from None

    def _route(self, entry: Entry) -> None:
        edges = (entry.data.get("taken", []), entry.data.get("dead", []))
        try:
            expected = self.model.branches(entry.step)
        except Wrong:
            expected = ([], [])
        if edges == ([], []) and expected != edges:
            self.unrouted = entry.step  # a rule about the edges broke: the next entry has to say so
        else:
            demand(edges == expected, f"edges {edges}, where the rules say {expected}")
        self._decide(*edges)

    def _decide(self, taken: list[str], dead: list[str]) -> None:
        for name in taken:
            self.taken.setdefault(name, []).append(True)
        for name in dead:
            self.taken.setdefault(name, []).append(False)

    def _failure_of(self, entry: Entry) -> dict[str, Any]:
        error = entry.data["error"]
        return {"step": entry.step, "error": error["code"], "message": error["message"]}

    def _check_catch(self, entry: Entry) -> None:
        """A failure is caught by the first error edge that fits, and by no other."""
        edge = self.model.catching(entry.step, entry.data["error"])
        edge = None if entry.data.get("not_caught") else edge
        demand(bool(entry.data.get("caught")) == (edge is not None), f"{edge} should catch it, or nothing")
        if edge is not None:
            dead = [other.target for other in self.model.targets(entry.step) if other is not edge]
            edges = (entry.data.get("taken", []), entry.data.get("dead", []))
            demand(edges == ([edge.target], dead), f"edges {edges}, where {edge} catches")
            self._decide(*edges)

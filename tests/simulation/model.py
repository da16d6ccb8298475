"""A second implementation of contexts, guards and branches, slow and simple.

Written from the rules without the machine's code, so that the simulation can tell whether the machine keeps
them. Knows only the conditions that `tests.simulation.workflows` makes.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from designer.document.graph import Edge, Graph, Step
from tests.simulation.workflows import BAD_CONDITIONS

CONDITION = re.compile(r"context\.(\w+) (\S+) (\d+)")
COMPARE = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


class Violation(AssertionError):
    """The journal says something that the rules forbid."""


def demand(truth: object, message: str) -> None:
    if not truth:
        raise Violation(message)


class Wrong(Exception):
    """A condition reads a key that is not there, or no branch is true."""


class Model:
    """One run's graph with the outputs of its steps so far."""

    def __init__(self, graph: Graph, input: Mapping[str, Any]) -> None:
        self.input = dict(input)
        self.steps: list[Step] = list(graph.steps)
        self.edges: list[Edge] = list(graph.edges)
        self.outputs: dict[str, Any] = {}
        self.failed: set[str] = set()
        self.caught: dict[str, dict[str, Any]] = {}  # by step, what the steps behind see as `failure`
        self.patches: dict[str, dict[str, Any]] = {}
        self._above: dict[str, set[str]] = {}

    def step(self, key: str) -> Step:
        name = key.partition("[")[0]
        return next(step for step in self.steps if step.name == name)

    def sources(self, name: str) -> list[Edge]:
        return [edge for edge in self.edges if edge.target == name]

    def targets(self, name: str) -> list[Edge]:
        return [edge for edge in self.edges if edge.source == name]

    def above(self, name: str) -> set[str]:
        """Returns all steps from which a path leads to `name`."""
        if name not in self._above:
            direct = {edge.source for edge in self.sources(name)}
            self._above[name] = direct.union(*(self.above(source) for source in direct))
        return self._above[name]

    def insert(self, name: str, steps: Iterable[Step]) -> None:
        self._above.clear()
        added = list(steps)
        place = [step.name for step in self.steps].index(name) + 1
        self.steps[place:place] = added
        row = [name, *(step.name for step in added)]
        self.edges = [replace(edge, source=row[-1]) if edge.source == name else edge for edge in self.edges]
        self.edges += [Edge(row[place], row[place + 1]) for place in range(len(row) - 1)]

    def order(self) -> list[str]:
        """Returns the topological order; steps that are free at once are in the order of the document."""
        placed: list[str] = []
        while len(placed) < len(self.steps):
            placed.append(next(step.name for step in self.steps if self._is_free(step.name, placed)))
        return placed

    def _is_free(self, name: str, placed: list[str]) -> bool:
        return name not in placed and all(edge.source in placed for edge in self.sources(name))

    def context(self, name: str, *, own: bool = False) -> dict[str, Any]:
        """Returns what `name` sees; with `own`, what its outgoing edges see: its own output on top."""
        seen = self.above(name) | ({name} if own else set())
        return self.merged(seen) | ({} if own else self.patches.get(name, {}))

    def turn_context(self, name: str, outputs: Iterable[Any]) -> dict[str, Any]:
        """Returns what the conditions of a loop see: the outputs of its turns so far on top."""
        context, key = self.context(name), self.step(name).output_key
        for output in outputs:
            if output is not None:
                context |= (
                    {key: output} if key else output if isinstance(output, dict) else {"result": output}
                )
        return context

    def merged(self, seen: Iterable[str]) -> dict[str, Any]:
        chosen = set(seen) & (self.outputs.keys() | self.caught.keys())
        merged = dict(self.input)
        for name in self.order() if len(chosen) > 1 else chosen:
            if name in chosen:
                merged.update(self.contribution(name) if name in self.outputs else {})
                merged.update({"failure": self.caught[name]} if name in self.caught else {})
        return merged

    def contribution(self, name: str) -> dict[str, Any]:
        output, key = self.outputs[name], self.step(name).output_key
        if output is None:
            return {}
        if key:
            return {key: output}
        return output if isinstance(output, dict) else {"result": output}

    def is_true(self, source: str, context: Mapping[str, Any], seen: set[str]) -> bool | None:
        """None: a step in `seen` failed and was passed over, and the condition has no value."""
        if source in BAD_CONDITIONS:
            if seen & self.failed and "context" in source:
                return None
            raise Wrong(source)
        match = CONDITION.fullmatch(source)
        assert match, f"the simulation made no such condition: {source}"
        key, compare, number = match.groups()
        if key not in context:
            if seen & self.failed:
                return None
            raise Wrong(source)
        return bool(COMPARE[compare](context[key], int(number)))

    def guard(self, name: str) -> bool:
        """Whether a ready step begins."""
        when = self.step(name).when
        return when is None or bool(self.is_true(when, self.context(name), self.above(name)))

    def branches(self, name: str) -> tuple[list[str], list[str]]:
        """Returns the targets of the taken and of the dead edges of a step that has ended. Raises Wrong."""
        edges = self.targets(name)
        choices = [edge for edge in edges if (edge.when or edge.otherwise) and edge.on is None]
        plain = [edge for edge in edges if edge not in choices and edge.on is None]
        chosen, is_open = self._choice(name, choices)
        taken = plain + chosen
        if choices and not taken and not is_open:
            raise Wrong("no branch")
        return [edge.target for edge in edges if edge in taken], [
            edge.target for edge in edges if edge not in taken
        ]

    def catching(self, name: str, error: Mapping[str, Any]) -> Edge | None:
        """Returns the error edge that takes the failure of `name`; None if none fits."""
        codes = [code for code in (error["code"], error.get("cause")) if code]
        for edge in self.targets(name):
            patterns = [re.escape(pattern).replace(r"\*", ".*") for pattern in edge.errors] or [".*"]
            fits = any(re.fullmatch(pattern, code) for pattern in patterns for code in codes)
            if edge.on and fits and self._holds_after_failure(name, edge.when):
                return edge
        return None

    def _holds_after_failure(self, name: str, when: str | None) -> bool:
        try:
            seen = self.above(name) | {name}
            return when is None or bool(self.is_true(when, self.context(name, own=True), seen))
        except Wrong:
            return False

    def _choice(self, name: str, choices: list[Edge]) -> tuple[list[Edge], bool]:
        """Returns the chosen edge, and whether a condition before it had no value."""
        context = self.context(name, own=True) if choices else {}
        is_open = False
        for edge in choices:
            truth = self.is_true(edge.when, context, self.above(name) | {name}) if edge.when else False
            if truth:
                return [edge], is_open
            is_open = is_open or truth is None
        return [edge for edge in choices if edge.otherwise][:1], is_open

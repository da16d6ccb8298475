"""The graph of a workflow: immutable steps and edges, with its topology.

PURE: no Django, clock, randomness or I/O. Steps and their kinds are defined in `designer.document.steps` and
exported here too. The JSON document (`schema: 1`) is read and written by `designer.document.document`; the
rules of a valid graph are in `designer.validation.workflow`. Fields that the author left out are `None`;
`designer.document.resolve` fills them in when a workflow is published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from heapq import heapify, heappop, heappush
from typing import Any, Literal

from designer.document.calls import (
    IRREVERSIBLE,
    NO_UNDO,
    Action,
    OnFailure,
    Retries,
    Retry,
    RollBack,
    Undo,
)
from designer.document.edges import Body, Edge
from designer.document.flow import Concurrency, Debounce, Rate
from designer.document.kinds import Kind, Slot
from designer.document.steps import Step, slot_of

__all__ = [
    "IRREVERSIBLE",
    "NO_UNDO",
    "Action",
    "Body",
    "CompensationOrder",
    "Defaults",
    "Edge",
    "Graph",
    "Kind",
    "OnFailure",
    "Retries",
    "Retry",
    "RollBack",
    "SCHEMA",
    "Slot",
    "Step",
    "Undo",
    "slot_of",
]

SCHEMA = 1

CompensationOrder = Literal["sequential", "parallel"]
COMPENSATION_ORDERS: tuple[CompensationOrder, ...] = ("sequential", "parallel")


@dataclass(frozen=True, slots=True)
class Defaults:
    timeout: float | None = None
    retry: Retries | None = None
    on_failure: OnFailure | None = None


@dataclass(frozen=True)
class Graph:
    """A whole workflow. Steps and edges keep the order of the document."""

    name: str
    title: str = ""
    description: str = ""
    input_schema: Mapping[str, Any] | None = None
    sample_input: Mapping[str, Any] | None = None
    defaults: Defaults = field(default_factory=Defaults)
    compensation_order: CompensationOrder = "sequential"
    continue_compensating: bool = False
    timeout: float | None = None
    concurrency: Concurrency | None = None
    rate: Rate | None = None
    debounce: Debounce | None = None
    steps: tuple[Step, ...] = ()
    edges: tuple[Edge, ...] = ()
    layout: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    variables: frozenset[str] = frozenset()
    """Of the graph of a body: the names beside the usual ones that its expressions may read."""

    @cached_property
    def by_name(self) -> dict[str, Step]:
        return {step.name: step for step in self.steps}

    @property
    def lines_up(self) -> bool:
        """Whether its runs may have to wait for their turn to begin."""
        return self.concurrency is not None or self.rate is not None

    @cached_property
    def has_limits(self) -> bool:
        """Whether any of its calls takes a slot of a named limit."""
        return any(step.limits for step in self.steps)

    @cached_property
    def outgoing(self) -> dict[str, tuple[Edge, ...]]:
        return self._edges_by("source")

    @cached_property
    def incoming(self) -> dict[str, tuple[Edge, ...]]:
        return self._edges_by("target")

    @cached_property
    def roots(self) -> tuple[str, ...]:
        return tuple(step.name for step in self.steps if not self.incoming[step.name])

    @cached_property
    def position(self) -> dict[str, int]:
        """Index of each step in topological order (Kahn's algorithm), ties in document order.

        Steps on a cycle, or behind one, have none; validation refuses such graphs.
        """
        return {name: place for place, name in enumerate(self._topological())}

    def ancestors(self, name: str) -> tuple[str, ...]:
        """All ancestors of a step in topological order. O(steps + edges), cached."""
        cached = self._ancestors.get(name)
        if cached is None:
            cached = self._ancestors[name] = self._find_ancestors(name)
        return cached

    def body_of(self, name: str) -> Graph:
        """The graph inside a step, with what all of a workflow's graphs share. Raises KeyError, cached."""
        cached = self._bodies.get(name)
        if cached is None:
            step = self.by_name[name]
            if step.body is None:
                raise KeyError(name)
            cached = self._bodies[name] = replace(
                self,
                input_schema=None,
                sample_input=None,
                timeout=None,
                steps=step.body.steps,
                edges=step.body.edges,
                layout=step.body.layout,
                variables=self.variables | step.variables,
            )
        return cached

    def at(self, path: str) -> Graph:
        """The graph at a path of step names, as `pages/page`; itself for an empty one. Raises KeyError."""
        name, _, rest = path.partition("/")
        return self.body_of(name).at(rest) if name else self

    def with_steps(self, steps: Iterable[Step], edges: Iterable[Edge]) -> Graph:
        return replace(self, steps=tuple(steps), edges=tuple(edges))

    @cached_property
    def _bodies(self) -> dict[str, Graph]:
        return {}

    @cached_property
    def _ancestors(self) -> dict[str, tuple[str, ...]]:
        return {}

    def _edges_by(self, end: Literal["source", "target"]) -> dict[str, tuple[Edge, ...]]:
        edges_of: dict[str, list[Edge]] = {step.name: [] for step in self.steps}
        for edge in self.edges:
            edges_of.setdefault(getattr(edge, end), []).append(edge)
        return {name: tuple(edges) for name, edges in edges_of.items()}

    def _find_ancestors(self, name: str) -> tuple[str, ...]:
        seen: set[str] = set()
        pending = [edge.source for edge in self.incoming[name]]
        while pending:
            source = pending.pop()
            if source not in seen:
                seen.add(source)
                pending += [edge.source for edge in self.incoming[source]]
        return tuple(sorted(seen, key=self.position.__getitem__))

    def _topological(self) -> list[str]:
        document_order = {step.name: place for place, step in enumerate(self.steps)}
        unmet = {name: len(edges) for name, edges in self.incoming.items()}
        ready = [document_order[name] for name in document_order if not unmet[name]]
        heapify(ready)
        order: list[str] = []
        while ready:
            name = self.steps[heappop(ready)].name
            order.append(name)
            for edge in self.outgoing[name]:
                unmet[edge.target] -= 1
                if not unmet[edge.target] and edge.target in document_order:
                    heappush(ready, document_order[edge.target])
        return order

"""What a workflow is: an immutable graph of steps and edges.

PURE: no Django, clock, randomness or I/O. Reading and writing the JSON document
(`schema: 1`) lives in `designer.document.document`, the rules a graph must obey in
`designer.validation.workflow`. A `Graph` keeps fields that the author left out as `None`;
`designer.document.resolve` fills them in when a workflow is published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from heapq import heapify, heappop, heappush
from typing import Any, Literal

SCHEMA = 1
STEPS_MAX = 1_000
DOCUMENT_BYTES_MAX = 5_000_000

Kind = Literal["task", "map", "workflow", "wait", "approval"]
OnFailure = Literal["compensate", "continue", "pause"]
CompensationOrder = Literal["sequential", "parallel"]
NO_UNDO: Literal["none"] = "none"
IRREVERSIBLE: Literal["irreversible"] = "irreversible"

KINDS: tuple[Kind, ...] = ("task", "map", "workflow", "wait", "approval")
ON_FAILURE: tuple[OnFailure, ...] = ("compensate", "continue", "pause")
COMPENSATION_ORDERS: tuple[CompensationOrder, ...] = ("sequential", "parallel")


@dataclass(frozen=True, slots=True)
class Retry:
    """Delay in seconds before attempt n+1: `min(max, initial * factor**(n-1))`, then jittered.

    `asks_max` bounds the "retry_needed" answers of a worker. `designer.document.resolve` sets it to
    `max_attempts - 1` where the step or its worker states `max_attempts`, so that the two agree.
    """

    max_attempts: int = 3
    initial: float = 1.0
    factor: float = 2.0
    max: float = 30.0
    jitter: float = 0.1
    asks_max: int = 10


@dataclass(frozen=True, slots=True)
class Action:
    """A worker call beside a step's own: a compensation, a fallback or a verification."""

    worker: str
    params: Mapping[str, Any] = field(default_factory=dict)
    timeout: float | None = None
    retry: Retry | None = None
    queue: str | None = None


Undo = Action | Literal["none", "irreversible"] | None


@dataclass(frozen=True)
class Step:
    name: str
    kind: Kind = "task"
    title: str = ""
    notes: str = ""
    worker: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    when: str | None = None
    compensation: Undo = None
    verify: Action | None = None
    fallback: Action | None = None
    timeout: float | None = None
    retry: Retry | None = None
    on_failure: OnFailure | None = None
    output_key: str | None = None
    dynamic: bool = False
    pivot: bool = False
    queue: str | None = None
    # map
    items: str | None = None
    batch_size: int = 1
    max_concurrency: int | None = None
    tolerate: int = 0
    # workflow
    workflow: str | None = None
    version: int | None = None
    input: Mapping[str, Any] | None = None
    # wait: exactly one of the three
    seconds: float | str | None = None
    until: str | None = None
    signal: str | None = None
    # approval
    message: str = ""

    @cached_property
    def own(self) -> Action:
        """The step's own worker call."""
        return Action(self.worker or "", self.params, self.timeout, self.retry, self.queue)

    @property
    def undo(self) -> Action | None:
        """The compensation to call, if the undo slot holds one."""
        return self.compensation if isinstance(self.compensation, Action) else None

    @property
    def is_expanded(self) -> bool:
        """Whether the step's work is done by items of its own (a map)."""
        return self.kind == "map"


@dataclass(frozen=True, slots=True)
class Edge:
    source: str
    target: str
    when: str | None = None
    otherwise: bool = False

    @property
    def is_conditional(self) -> bool:
        return self.when is not None


@dataclass(frozen=True, slots=True)
class Defaults:
    timeout: float | None = None
    retry: Retry | None = None
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
    steps: tuple[Step, ...] = ()
    edges: tuple[Edge, ...] = ()
    layout: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @cached_property
    def by_name(self) -> dict[str, Step]:
        return {step.name: step for step in self.steps}

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
        """Place of each step in topological order, ties by document order (Kahn).

        Steps on a cycle have no place; validation refuses such graphs.
        """
        return {name: place for place, name in enumerate(self._topological())}

    def ancestors(self, name: str) -> tuple[str, ...]:
        """Every step before `name`, in topological order. O(steps + edges), cached."""
        cached = self._ancestors.get(name)
        if cached is None:
            cached = self._ancestors[name] = self._find_ancestors(name)
        return cached

    def with_steps(self, steps: Iterable[Step], edges: Iterable[Edge]) -> Graph:
        return replace(self, steps=tuple(steps), edges=tuple(edges))

    @cached_property
    def _ancestors(self) -> dict[str, tuple[str, ...]]:
        return {}

    def _edges_by(self, end: Literal["source", "target"]) -> dict[str, tuple[Edge, ...]]:
        found: dict[str, list[Edge]] = {step.name: [] for step in self.steps}
        for edge in self.edges:
            found.setdefault(getattr(edge, end), []).append(edge)
        return {name: tuple(edges) for name, edges in found.items()}

    def _find_ancestors(self, name: str) -> tuple[str, ...]:
        seen: set[str] = set()
        todo = [edge.source for edge in self.incoming[name]]
        while todo:
            source = todo.pop()
            if source not in seen:
                seen.add(source)
                todo += [edge.source for edge in self.incoming[source]]
        return tuple(sorted(seen, key=self.position.__getitem__))

    def _topological(self) -> list[str]:
        document_order = {step.name: place for place, step in enumerate(self.steps)}
        waiting = {name: len(edges) for name, edges in self.incoming.items()}
        ready = [document_order[name] for name in document_order if not waiting[name]]
        heapify(ready)
        order: list[str] = []
        while ready:
            name = self.steps[heappop(ready)].name
            order.append(name)
            for edge in self.outgoing[name]:
                waiting[edge.target] -= 1
                if not waiting[edge.target] and edge.target in document_order:
                    heappush(ready, document_order[edge.target])
        return order


Slot = Literal["action", "none", "irreversible", "unstated"]


def slot_of(step: Step) -> Slot:
    """What the undo slot of a step holds. A child run that is not said otherwise is rolled back."""
    if step.compensation in ("none", "irreversible"):
        return step.compensation
    if step.undo is not None or step.kind == "workflow":
        return "action"
    return "none" if step.kind in ("wait", "approval") else "unstated"


def edge_condition(edge: Edge) -> str:
    return "otherwise" if edge.otherwise else edge.when or ""

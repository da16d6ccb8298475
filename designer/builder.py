"""`WorkflowBuilder`: a workflow written in Python.

PURE. The builder writes a document, so it knows exactly what `designer.document.document` knows. Each
method that adds a step joins it to the steps before it; `step` and `edge` draw any graph.

    WorkflowBuilder("order_processing")
        .add_step("reserve", "reserve_inventory", compensation="release_inventory")
        .parallel(
            lambda branch: branch.add_step("invoice", "write_invoice"),
            lambda branch: branch.add_step("pack", "pack_parcel").add_step("label", "print_label"),
        )
        .branch(
            ("context.total > 1000", lambda branch: branch.approval("check", message="A large order")),
            otherwise=lambda branch: branch,
        )
        .add_step("ship", "create_shipment", compensation="cancel_shipment")
        .build()
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Self, TypedDict, Unpack

from designer.document.document import dump, parse
from designer.document.graph import IRREVERSIBLE, NO_UNDO, SCHEMA, CompensationOrder, Graph, Kind, OnFailure
from designer.errors import BuildError
from designer.problems import Problem, errors

Branch = Callable[["WorkflowBuilder"], object]
Call = str | Mapping[str, Any]
"""A worker's name, or an object with `worker`, `params`, `timeout`, `retry`, `queue`."""


class WorkflowOptions(TypedDict, total=False):
    title: str
    description: str
    input_schema: Mapping[str, Any] | None
    sample_input: Mapping[str, Any] | None
    defaults: Mapping[str, Any] | None
    compensation_order: CompensationOrder
    continue_compensating: bool
    timeout: float | None
    layout: Mapping[str, Sequence[float]]


class CommonOptions(TypedDict, total=False):
    title: str
    notes: str
    when: str | None
    on_failure: OnFailure | None
    output_key: str | None
    pivot: bool


class WorkerOptions(CommonOptions, total=False):
    params: Mapping[str, Any]
    compensation: Call | None
    verify: Call | None
    fallback: Call | None
    timeout: float | None
    retry: Mapping[str, Any] | None
    queue: str | None


class TaskOptions(WorkerOptions, total=False):
    dynamic: bool


class MapOptions(WorkerOptions, total=False):
    batch_size: int
    max_concurrency: int | None
    tolerate: int


class ChildOptions(CommonOptions, total=False):
    version: int | None
    input: Mapping[str, Any] | None
    compensation: Call | None


class WaitOptions(CommonOptions, total=False):
    timeout: float | None


@dataclass(frozen=True)
class _End:
    """A step whose next one is still to come, and the condition of the edge to it."""

    name: str
    when: str | None = None
    otherwise: bool = False


class WorkflowBuilder:
    """Builds a `Graph`. Every method but `build` gives the builder back."""

    def __init__(self, name: str, **options: Unpack[WorkflowOptions]) -> None:
        self._document: dict[str, Any] = {"schema": SCHEMA, "name": name, **options}
        self._steps: list[dict[str, Any]] = []
        self._edges: list[dict[str, Any]] = []
        self._ends: tuple[_End, ...] = ()

    def add_step(self, name: str, worker: str, **options: Unpack[TaskOptions]) -> Self:
        """A task: one worker."""
        return self._chain(name, "task", {"worker": worker, **options})

    def map(self, name: str, worker: str, items: str, **options: Unpack[MapOptions]) -> Self:
        """The worker once for each item of the list that the expression `items` gives."""
        return self._chain(name, "map", {"worker": worker, "items": items, **options})

    def workflow(self, name: str, workflow: str, **options: Unpack[ChildOptions]) -> Self:
        """A run of another workflow."""
        return self._chain(name, "workflow", {"workflow": workflow, **options})

    def wait(
        self,
        name: str,
        *,
        seconds: float | str | None = None,
        until: str | None = None,
        signal: str | None = None,
        **options: Unpack[WaitOptions],
    ) -> Self:
        """A wait for some seconds, until a time, or for a signal; exactly one of the three."""
        waits = {"seconds": seconds, "until": until, "signal": signal}
        return self._chain(name, "wait", {**waits, **options})

    def approval(self, name: str, message: str = "", **options: Unpack[WaitOptions]) -> Self:
        """A person's approval."""
        return self._chain(name, "approval", {"message": message, **options})

    def parallel(self, *branches: Branch) -> Self:
        """Branches that all start after the steps before; the next step waits for all of them."""
        self._ends = self._joined([self._grown(branch, self._ends) for branch in branches])
        return self

    def branch(self, *choices: tuple[str, Branch], otherwise: Branch | None = None) -> Self:
        """The first branch whose condition is true, else `otherwise`; what comes next follows it."""
        if len(self._ends) != 1:
            said = "a branch follows exactly one step; join parallel branches with a step first"
            raise BuildError([Problem("bad_branch", "", said)])
        name = self._ends[0].name
        grown = [self._grown(branch, (_End(name, when=when),)) for when, branch in choices]
        if otherwise is not None:
            grown.append(self._grown(otherwise, (_End(name, otherwise=True),)))
        self._ends = self._joined(grown)
        return self

    def step(self, name: str, worker: str | None = None, *, kind: Kind = "task", **fields: Any) -> Self:
        """A step of any kind that is joined to nothing; see `edge`. Fields are those of the document."""
        call_fields = {field: _call(fields.get(field)) for field in ("compensation", "verify", "fallback")}
        stated = {"name": name, "kind": kind, "worker": worker, **fields, **call_fields}
        self._steps.append({field: value for field, value in stated.items() if value is not None})
        return self

    def edge(self, source: str, target: str, *, when: str | None = None, otherwise: bool = False) -> Self:
        self._edges.append({"from": source, "to": target, "when": when, "otherwise": otherwise})
        return self

    def build(self) -> Graph:
        """The workflow; raises `BuildError` with everything that is wrong with its fields."""
        graph, problems = parse({**self._document, "steps": self._steps, "edges": self._edges})
        if graph is None:
            raise BuildError(errors(problems))
        # Read again as it is written: tuples are lists from here on.
        again, _ = parse(dump(graph))
        return again or graph

    def _chain(self, name: str, kind: Kind, fields: Mapping[str, Any]) -> Self:
        self.step(name, kind=kind, **fields)
        for end in self._ends:
            self.edge(end.name, name, when=end.when, otherwise=end.otherwise)
        self._ends = (_End(name),)
        return self

    def _grown(self, branch: Branch, ends: tuple[_End, ...]) -> tuple[_End, ...]:
        """Adds a branch after `ends` and gives its own ends."""
        inner = copy(self)
        inner._ends = ends
        branch(inner)
        return inner._ends

    @staticmethod
    def _joined(grown: Sequence[tuple[_End, ...]]) -> tuple[_End, ...]:
        return tuple(dict.fromkeys(end for ends in grown for end in ends))


def _call(value: Call | None) -> Call | None:
    is_name = isinstance(value, str) and value not in (NO_UNDO, IRREVERSIBLE)
    return {"worker": value} if is_name else value

"""`WorkflowBuilder`: workflows written in Python.

PURE. The builder writes a document, which `designer.document.document` parses; it has no rules of its own.
Each method that adds a step connects it to the preceding ones; `step` and `edge` build any graph.

The builder keeps the open ends: steps whose successor is still to come, each with the condition of the edge
to it. A branch is built by a copy that shares the lists of steps and edges, and has ends of its own.

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
from typing import Any, Literal, Self, TypedDict, Unpack

from designer.document.document import dump, parse
from designer.document.graph import IRREVERSIBLE, NO_UNDO, SCHEMA, CompensationOrder, Graph, Kind, OnFailure
from designer.document.waits import OnTimeout
from designer.errors import BuildError
from designer.problems import Problem, errors

Branch = Callable[["WorkflowBuilder"], object]
Call = str | Mapping[str, Any]
"""A worker's name, or an object with `worker`, `params`, `timeout`, `retry`, `queue`, `limit`."""
Policies = Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""A retry policy, or several, of which the first that fits an error counts."""
Inside = Branch | Mapping[str, Any]
"""What adds the steps of a body to a builder, or the body as a document has it."""


class WorkflowOptions(TypedDict, total=False):
    title: str
    description: str
    input_schema: Mapping[str, Any] | None
    sample_input: Mapping[str, Any] | None
    defaults: Mapping[str, Any] | None
    compensation_order: CompensationOrder
    continue_compensating: bool
    timeout: float | None
    concurrency: Mapping[str, Any] | None
    rate: Mapping[str, Any] | None
    debounce: Mapping[str, Any] | None
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
    retry: Policies | None
    queue: str | None
    limit: str | None


class TaskOptions(WorkerOptions, total=False):
    dynamic: bool


class ChildOptions(CommonOptions, total=False):
    version: int | None
    input: Mapping[str, Any] | None
    compensation: Call | None
    retry: Policies | None
    timeout: float | None
    detached: bool


class GroupOptions(CommonOptions, total=False):
    input: Mapping[str, Any] | None
    params: Mapping[str, Any]
    compensation: Call | None
    retry: Policies | None
    timeout: float | None


class RepeatedOptions(WorkerOptions, total=False):
    workflow: str | None
    version: int | None
    input: Mapping[str, Any] | None


class MapOptions(RepeatedOptions, total=False):
    batch_size: int
    max_concurrency: int | None
    tolerate: int | str
    needed: int | None


class LoopOptions(RepeatedOptions, total=False):
    until: str | None
    delay: float | str | None
    collect: bool
    on_exhausted: Literal["fail", "continue"]


class WaitOptions(CommonOptions, total=False):
    timeout: float | None


class ApprovalOptions(WaitOptions, total=False):
    assignees: str | Sequence[str] | None
    form: Mapping[str, Any] | None
    on_timeout: OnTimeout | None
    remind_after: float | None
    comment_required: bool


@dataclass(frozen=True)
class _End:
    """A step whose successor is still to come, and what the edge to it will say."""

    name: str
    when: str | None = None
    otherwise: bool = False
    on: Literal["failed"] | None = None
    errors: tuple[str, ...] = ()


class WorkflowBuilder:
    """Builds a `Graph`. Every method except `build` returns the builder."""

    def __init__(self, name: str, **options: Unpack[WorkflowOptions]) -> None:
        self._document: dict[str, Any] = {"schema": SCHEMA, "name": name, **options}
        self._steps: list[dict[str, Any]] = []
        self._edges: list[dict[str, Any]] = []
        self._ends: tuple[_End, ...] = ()

    def add_step(self, name: str, worker: str, **options: Unpack[TaskOptions]) -> Self:
        """Adds a task, which calls one worker."""
        return self._chain(name, "task", {"worker": worker, **options})

    def map(
        self,
        name: str,
        worker: str | None = None,
        items: str = "",
        *,
        body: Inside | None = None,
        **options: Unpack[MapOptions],
    ) -> Self:
        """Adds a map over the list that `items`, an expression, gives.

        Each item calls the worker, or runs the `workflow` of the options, or the `body`.
        """
        return self._chain(name, "map", {"worker": worker, "items": items, "body": _inside(body), **options})

    def group(self, name: str, body: Inside, **options: Unpack[GroupOptions]) -> Self:
        """Adds steps that succeed, fail and are undone together, which `body` adds to its own builder."""
        return self._chain(name, "group", {"body": _inside(body), **options})

    def loop(
        self,
        name: str,
        worker: str | None = None,
        *,
        max_turns: int,
        while_: str | None = None,
        body: Inside | None = None,
        **options: Unpack[LoopOptions],
    ) -> Self:
        """Adds a loop. Each turn calls the worker, or runs the `workflow` of the options, or the `body`."""
        fields = {"worker": worker, "body": _inside(body), "max_turns": max_turns, "while": while_}
        return self._chain(name, "loop", {**fields, **options})

    def workflow(self, name: str, workflow: str, **options: Unpack[ChildOptions]) -> Self:
        """Adds a run of another workflow."""
        return self._chain(name, "workflow", {"workflow": workflow, **options})

    def wait(
        self,
        name: str,
        *,
        seconds: float | str | None = None,
        until: str | None = None,
        signal: str | None = None,
        event: str | None = None,
        match: str | None = None,
        any_of: Sequence[Mapping[str, Any]] | None = None,
        **options: Unpack[WaitOptions],
    ) -> Self:
        """Adds a wait for seconds, until a time, for a signal, for an event that fits `match`, or for the
        first of several; exactly one of them."""
        waits: dict[str, Any] = {
            "seconds": seconds,
            "until": until,
            "signal": signal,
            "event": event,
            "match": match,
        }
        waits["any_of"] = any_of
        return self._chain(name, "wait", {**waits, **options})

    def approval(self, name: str, message: str = "", **options: Unpack[ApprovalOptions]) -> Self:
        """Adds an approval by a person."""
        return self._chain(name, "approval", {"message": message, **options})

    def set(self, name: str, values: Mapping[str, Any], **options: Unpack[CommonOptions]) -> Self:
        """Adds a computation: each value is a constant or an expression; no worker is called."""
        return self._chain(name, "set", {"values": values, **options})

    def fail(self, name: str, code: str, *, message: str = "", **options: Unpack[CommonOptions]) -> Self:
        """Adds a failure on purpose, with a code for error edges and a message for people."""
        return self._chain(name, "fail", {"code": code, "message": message, **options})

    def catch(self, *errors: str, do: Branch, when: str | None = None) -> Self:
        """Adds a branch that a failure of the preceding step takes; the next step follows it, too.

        `errors`: patterns of the codes that are caught; none for all. Raises `BuildError` if several steps
        precede it.
        """
        if len(self._ends) != 1:
            raise BuildError([Problem("bad_branch", "", "a failure is caught of exactly one step")])
        caught = _End(self._ends[0].name, when=when, on="failed", errors=errors)
        self._ends = self._unique_ends([self._ends, self._build_branch(do, (caught,))])
        return self

    def parallel(self, *branches: Branch) -> Self:
        """Adds branches that all start after the preceding steps; the next step waits for all of them."""
        self._ends = self._unique_ends([self._build_branch(branch, self._ends) for branch in branches])
        return self

    def branch(self, *choices: tuple[str, Branch], otherwise: Branch | None = None) -> Self:
        """Adds alternatives: each branch with its condition, and `otherwise`; the next step follows all of
        them.

        Raises `BuildError` if several parallel branches precede it.
        """
        if len(self._ends) != 1:
            message = "a branch follows exactly one step; join parallel branches with a step first"
            raise BuildError([Problem("bad_branch", "", message)])
        name = self._ends[0].name
        branch_ends = [self._build_branch(branch, (_End(name, when=when),)) for when, branch in choices]
        if otherwise is not None:
            branch_ends.append(self._build_branch(otherwise, (_End(name, otherwise=True),)))
        self._ends = self._unique_ends(branch_ends)
        return self

    def step(self, name: str, worker: str | None = None, *, kind: Kind = "task", **fields: Any) -> Self:
        """Adds a step of any kind without edges; see `edge`. Fields are those of the document."""
        call_fields = {field: _call(fields.get(field)) for field in ("compensation", "verify", "fallback")}
        if "while_" in fields:
            fields["while"] = fields.pop("while_")
        stated = {"name": name, "kind": kind, "worker": worker, **fields, **call_fields}
        self._steps.append({field: value for field, value in stated.items() if value is not None})
        return self

    def edge(
        self,
        source: str,
        target: str,
        *,
        when: str | None = None,
        otherwise: bool = False,
        on: Literal["failed"] | None = None,
        errors: Sequence[str] = (),
    ) -> Self:
        caught = {"on": on, "errors": list(errors) or None}
        self._edges.append({"from": source, "to": target, "when": when, "otherwise": otherwise, **caught})
        return self

    def as_body(self) -> dict[str, Any]:
        """Returns the steps and edges as the body of a group, a map or a loop."""
        return {"steps": self._steps, "edges": self._edges}

    def build(self) -> Graph:
        """Returns the workflow; raises `BuildError` with all problems of its fields."""
        graph, problems = parse({**self._document, "steps": self._steps, "edges": self._edges})
        if graph is None:
            raise BuildError(errors(problems))
        # Parsed from its own dump, so that it equals a graph that was read from a file: tuples become lists.
        reread, _ = parse(dump(graph))
        return reread or graph

    def _chain(self, name: str, kind: Kind, fields: Mapping[str, Any]) -> Self:
        self.step(name, kind=kind, **fields)
        for end in self._ends:
            self.edge(end.name, name, when=end.when, otherwise=end.otherwise, on=end.on, errors=end.errors)
        self._ends = (_End(name),)
        return self

    def _build_branch(self, branch: Branch, ends: tuple[_End, ...]) -> tuple[_End, ...]:
        """Builds a branch after `ends` and returns the ends of the branch."""
        inner = copy(self)
        inner._ends = ends
        branch(inner)
        return inner._ends

    @staticmethod
    def _unique_ends(branch_ends: Sequence[tuple[_End, ...]]) -> tuple[_End, ...]:
        return tuple(dict.fromkeys(end for ends in branch_ends for end in ends))


def _inside(body: Inside | None) -> Mapping[str, Any] | None:
    if body is None or isinstance(body, Mapping):
        return body
    inner = WorkflowBuilder("body")
    body(inner)
    return inner.as_body()


def _call(value: Call | None) -> Call | None:
    is_name = isinstance(value, str) and value not in (NO_UNDO, IRREVERSIBLE)
    return {"worker": value} if is_name else value

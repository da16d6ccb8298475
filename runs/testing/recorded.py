"""A run as it was, for a recording: its entries, its children, and what it came to. PURE."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from designer.document.graph import Graph
from designer.saved_tests.model import Expectation
from runs.machine.events import Entry
from runs.machine.states import RunState
from runs.testing.expecting import Facts, facts_from
from runs.testing.mocks import plain


@dataclass(frozen=True)
class RecordedRun:
    """A run as it was: its entries with payloads, and the runs of bodies and workflows that its steps began.

    `is_body`: it ran the body of the step; its graph is then that body. `output`: of a run that completed.
    """

    graph: Graph
    state: RunState
    entries: Sequence[Entry]
    children: Sequence[tuple[str, RecordedRun]] = ()
    input: dict[str, Any] = field(default_factory=dict)
    output: Any = None
    is_body: bool = False


def expectation_of(run: RecordedRun) -> Expectation:
    facts = facts_of_recorded(run)
    places = {"ran": facts.ran, "undone": facts.undone, "skipped": facts.skipped}
    listed = {key: tuple(dict.fromkeys(map(plain, found))) for key, found in places.items()}
    return Expectation(facts.status, error=facts.error or None, left=facts.left or None, **listed)


def facts_of_recorded(run: RecordedRun) -> Facts:
    entries = sorted(_all_entries("", run), key=lambda pair: pair[1].at)
    return facts_from(run.state, entries)


def _all_entries(path: str, run: RecordedRun) -> Iterator[tuple[str, Entry]]:
    yield from ((path, entry) for entry in run.entries)
    for step, child in run.children:
        if child.is_body:
            yield from _all_entries(f"{path}{step}/", child)


def goes_side_by_side(graph: Graph) -> bool:
    """Whether steps of a graph may be under way at the same time, or a run as a whole has a time limit."""
    if graph.timeout is not None or len(graph.roots) > 1:
        return True
    for step in graph.steps:
        plain_edges = [edge for edge in graph.outgoing[step.name] if not (edge.is_choice or edge.is_error)]
        if len(plain_edges) > 1 or step.kind == "map" or step.detached:
            return True
        if len(plain_edges) == 1 and len(graph.outgoing[step.name]) > 1:
            return True
        if step.body is not None and goes_side_by_side(graph.body_of(step.name)):
            return True
    return False

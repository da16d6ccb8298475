"""Parsed graphs, kept per process: those of versions, and those of runs whose expansions added steps."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from config.lib.caches import cached_for_process, register
from designer.document.document import parse
from designer.document.graph import Graph
from designer.models import WorkflowVersion
from runs.errors import NewerState
from runs.machine.states import State
from runs.machine.steps.expansion import effective_graph

VERSIONS_KEPT = 256
GROWN_KEPT = 64

_grown: OrderedDict[str, tuple[Any, Graph]] = OrderedDict()
_lock = threading.Lock()
register(_grown.clear)


@cached_for_process(maxsize=VERSIONS_KEPT)
def version_graph(version_id: int) -> Graph:
    """The resolved graph of a version; versions are immutable."""
    resolved = WorkflowVersion.every.values_list("resolved", flat=True).get(pk=version_id)
    graph, problems = parse(resolved)
    if graph is None:
        raise NewerState(f"its definition: {problems[0]}")
    return graph


def run_graph(version_id: int, state: State, body: str = "") -> Graph:
    """The graph of a run: that of its version, or of the body at a path, with the steps that were added."""
    graph = version_graph(version_id).at(body)
    return _grown_graph(graph, state) if state.run.added else graph


def _grown_graph(graph: Graph, state: State) -> Graph:
    """The cached graph of this run if it has the same added steps, else a new one.

    The added steps are compared because the transaction that added others may have been rolled back.
    """
    payloads = state.payloads(list(state.run.added))
    growth = [(seq, state.step(steps[0]["name"]).added_by, steps) for seq, steps in payloads.items()]
    with _lock:
        known = _grown.get(state.run.id)
    if known is not None and known[0] == growth:
        return known[1]
    grown = effective_graph(graph, state)
    with _lock:
        _grown[state.run.id] = growth, grown
        if len(_grown) > GROWN_KEPT:
            _grown.popitem(last=False)
    return grown

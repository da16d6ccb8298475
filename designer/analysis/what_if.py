"""What if a step fails? `designer.analysis.coverage` for documents that may hold errors. PURE."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from designer.analysis.coverage import Coverage, assumed_failure
from designer.document.document import salvage
from designer.document.graph import Graph, Step
from designer.document.resolve import Catalog, undo_of
from designer.errors import NoPlan, UnknownStep
from designer.validation.references import sound_edges


def preview(document: object, failing: str, catalog: Catalog) -> dict[str, Any]:
    """The JSON of what the failure of a step would lead to. Raises `UnknownStep` or `NoPlan`."""
    graph = _sound(document, catalog)
    if failing not in graph.by_name:
        raise UnknownStep(failing)
    if len(graph.position) < len(graph.steps):
        raise NoPlan
    return _described(graph, assumed_failure(graph, failing))


def _sound(document: object, catalog: Catalog) -> Graph:
    """What can be read of a document, each undo slot as it would be published."""
    graph, _ = salvage(document)
    steps = (
        replace(step, compensation=undo_of(step, catalog)) for step in graph.by_name.values() if step.name
    )
    known = graph.with_steps(steps, graph.edges)
    return known.with_steps(known.steps, sound_edges(known))


def _described(graph: Graph, found: Coverage) -> dict[str, Any]:
    def entry(name: str, **more: Any) -> dict[str, Any]:
        return {"step": name, "sure": name not in found.unsure, **more}

    irreversible = [entry(name, reason="irreversible") for name in found.plan.remains]
    unstated = [entry(name, reason="unstated") for name in found.unstated]
    return {
        "step": found.failing,
        "answer": found.answer,
        "order": graph.compensation_order,
        "undo": [
            entry(name, worker=_undone_by(graph.by_name[name]), place=found.waves[name])
            for name in found.plan.undo
        ],
        "remains": irreversible + unstated,
        "harmless": [entry(name) for name in found.harmless],
        "maybe": list(found.maybe),
        "own": _undone_by(graph.by_name[found.failing]),
    }


def _undone_by(step: Step) -> str | None:
    """The worker of a step's undo; None where there is none, or a child run is rolled back."""
    return step.undo.worker if step.undo else None

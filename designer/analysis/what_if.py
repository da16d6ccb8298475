"""What if a step fails? Applies `designer.analysis.coverage` to documents that may have errors. PURE."""

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
    """The consequences of a step's failure as JSON. Raises `UnknownStep`, or `NoPlan` for a cyclic graph."""
    readable, _ = salvage(document)
    # Undo slots as they would be published, and no dangling edges.
    steps = (
        replace(step, compensation=undo_of(step, catalog)) for step in readable.by_name.values() if step.name
    )
    known = readable.with_steps(steps, readable.edges)
    graph = known.with_steps(known.steps, sound_edges(known))
    if failing not in graph.by_name:
        raise UnknownStep(failing)
    if len(graph.position) < len(graph.steps):
        raise NoPlan
    return _described(graph, assumed_failure(graph, failing))


def _described(graph: Graph, coverage: Coverage) -> dict[str, Any]:
    def entry(name: str, **more: Any) -> dict[str, Any]:
        return {"step": name, "sure": name not in coverage.unsure, **more}

    irreversible = [entry(name, reason="irreversible") for name in coverage.plan.remains]
    unstated = [entry(name, reason="unstated") for name in coverage.unstated]
    return {
        "step": coverage.failing,
        "answer": coverage.answer,
        "order": graph.compensation_order,
        "undo": [
            entry(name, worker=_undone_by(graph.by_name[name]), place=coverage.waves[name])
            for name in coverage.plan.undo
        ],
        "remains": irreversible + unstated,
        "harmless": [entry(name) for name in coverage.harmless],
        "maybe": list(coverage.maybe),
        "catches": [
            {
                "to": catch.edge.target,
                "errors": list(catch.edge.errors),
                "when": catch.edge.when,
                "leads_to": list(catch.leads_to),
            }
            for catch in coverage.catches
        ],
        "own": _undone_by(graph.by_name[coverage.failing]),
    }


def _undone_by(step: Step) -> str | None:
    """The worker that undoes a step; None if there is none, or the undo is the rollback of a child run."""
    return step.undo.worker if step.undo else None

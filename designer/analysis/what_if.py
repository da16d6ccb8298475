"""What if a step fails? Applies `designer.analysis.coverage` to documents that may have errors. PURE.

A step is named by its path, as `outer/inner`. A failure inside a body leads to that of the step around it, so
the consequences are those of the innermost graph first, then those of the graphs around, one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

from designer.analysis.coverage import Coverage, Done, assumed_failure, is_undoable
from designer.document.document import salvage
from designer.document.graph import Graph, Step
from designer.document.resolve import Catalog, undo_of
from designer.errors import NoPlan, UnknownStep
from designer.validation.references import sound_edges


def preview(document: object, failing: str, catalog: Catalog) -> dict[str, Any]:
    """The consequences of a step's failure as JSON. Raises `UnknownStep`, or `NoPlan` for a cyclic graph.

    `around` has those for the steps around it, the innermost first, as far as the failure reaches.
    """
    plans: list[dict[str, Any]] = []
    undone = 0
    for prefix, graph, name in [*_levels(salvage(document)[0], failing, catalog)][::-1]:
        coverage = assumed_failure(graph, name)
        unless = {"unless": _unless(graph.by_name[name])} if plans else {}
        plans.append(_described(graph, coverage, prefix, undone) | unless)
        undone += max(coverage.waves.values(), default=0)
        if not coverage.is_final:
            break
    return plans[0] | {"around": plans[1:]}


def _levels(graph: Graph, failing: str, catalog: Catalog) -> Iterator[tuple[str, Graph, str]]:
    """Yields each graph on the way to the failing step: what its paths begin with, and what fails in it."""
    names = failing.split("/")
    for depth, name in enumerate(names):
        sound = _sound(graph, catalog)
        if name not in sound.by_name:
            raise UnknownStep(failing)
        if len(sound.position) < len(sound.steps):
            raise NoPlan
        yield "".join(f"{outer}/" for outer in names[:depth]), sound, name
        if depth < len(names) - 1:
            if sound.by_name[name].body is None:
                raise UnknownStep(failing)
            graph = sound.body_of(name)


def _sound(readable: Graph, catalog: Catalog) -> Graph:
    """The graph with undo slots as they would be published, and no dangling edges."""
    steps = (
        replace(step, compensation=undo_of(step, catalog)) for step in readable.by_name.values() if step.name
    )
    known = readable.with_steps(steps, readable.edges)
    return known.with_steps(known.steps, sound_edges(known))


def _unless(step: Step) -> list[str]:
    """Why a step may go on although its body has failed."""
    ways = {"retried": step.retry is not None, "tolerated": bool(step.tolerate or step.needed)}
    return [word for word, applies in ways.items() if applies]


def _earlier(step: Step) -> Literal["turns", "items"] | None:
    """Which of its items, if any have completed, are undone before anything else."""
    if not step.traits.has_items or not is_undoable(step, Done(step.name, step.name, step.undoes_by_run)):
        return None
    return "turns" if step.repeats else "items"


def _described(graph: Graph, coverage: Coverage, prefix: str, undone: int) -> dict[str, Any]:
    """The consequences in one graph, with paths for names; its undos follow on `undone` others."""

    def entry(name: str, **more: Any) -> dict[str, Any]:
        return {"step": prefix + name, "sure": name not in coverage.unsure, **more}

    irreversible = [entry(name, reason="irreversible") for name in coverage.plan.remains]
    unstated = [entry(name, reason="unstated") for name in coverage.unstated]
    return {
        "step": prefix + coverage.failing,
        "answer": coverage.answer,
        "order": graph.compensation_order,
        "undo": [
            entry(name, worker=_undone_by(graph.by_name[name]), place=undone + coverage.waves[name])
            for name in coverage.plan.undo
        ],
        "remains": irreversible + unstated,
        "harmless": [entry(name) for name in coverage.harmless],
        "maybe": [prefix + name for name in coverage.maybe],
        "catches": [
            {
                "to": prefix + catch.edge.target,
                "errors": list(catch.edge.errors),
                "when": catch.edge.when,
                "leads_to": [prefix + name for name in catch.leads_to],
            }
            for catch in coverage.catches
        ],
        "earlier": _earlier(graph.by_name[coverage.failing]),
        "own": _undone_by(graph.by_name[coverage.failing]),
    }


def _undone_by(step: Step) -> str | None:
    """The worker that undoes a step; None if there is none, or the undo is the rollback of a child run."""
    return step.undo.worker if step.undo else None

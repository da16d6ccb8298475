"""What pages of workflows and connections show of runs: the latest ones, figures, and so on. Reading only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.template import Context

from designer.document.graph import Graph
from designer.web.page_data import ordered
from designer.web.panels import draw
from runs.models import IS_LISTED
from runs.queries.steps import listed
from runs.statistics.blast_radius import blast_radius
from runs.statistics.counters import version_figures
from runs.triggers.lines import triggers_of

LATEST_MAX = 5


def draw_all() -> None:
    """Called once, when the app is ready."""
    draw("card", "runs/workflow/_card.html", latest)
    draw("latest_runs", "runs/workflow/_latest.html", latest)
    draw("figures", "runs/workflow/_figures.html", figures)
    draw("dependents", "runs/workflow/_dependents.html", dependents)
    draw("triggers", "triggers/_panel.html", triggers)


def latest(page: Context) -> dict[str, Any]:
    runs = listed().filter(IS_LISTED, workflow_name=page["workflow"].name, trial=False, imported__isnull=True)
    return {"runs": list(runs[:LATEST_MAX])}


def figures(page: Context) -> dict[str, Any]:
    """Steps that ended runs of the version came to, in the order of the page's steps, with their figures.

    Steps of bodies stand behind the step around them, as `outer/inner`.
    """
    by_step = version_figures(page["version"].pk)["steps"]
    graph = page.get("graph")
    return {"figures": [(path, by_step[path]) for path in _paths(graph) if path in by_step] if graph else []}


def _paths(graph: Graph, around: str = "") -> Iterator[str]:
    for step in ordered(graph):
        yield around + step.name
        if step.body is not None:
            yield from _paths(graph.body_of(step.name), f"{around}{step.name}/")


def triggers(page: Context) -> dict[str, Any]:
    return {"lines": triggers_of(page["workflow"].name)}


def dependents(page: Context) -> dict[str, Any]:
    """What depends on the page's connection."""
    return {"radius": blast_radius("connection", page["connection"].name, page["request"].user)}

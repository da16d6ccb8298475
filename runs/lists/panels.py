"""What a workflow's pages show of its runs: the latest ones, figures, and what starts them. Reading only."""

from __future__ import annotations

from typing import Any

from django.template import Context

from designer.web.panels import draw
from runs.models import IS_LISTED
from runs.queries.steps import listed
from runs.statistics.counters import version_figures
from runs.triggers.lines import triggers_of

LATEST_MAX = 5


def draw_all() -> None:
    """Called once, when the app is ready."""
    draw("card", "runs/workflow/_card.html", latest)
    draw("latest_runs", "runs/workflow/_latest.html", latest)
    draw("figures", "runs/workflow/_figures.html", figures)
    draw("triggers", "triggers/_panel.html", triggers)


def latest(page: Context) -> dict[str, Any]:
    runs = listed().filter(IS_LISTED, workflow_name=page["workflow"].name, trial=False, imported__isnull=True)
    return {"runs": list(runs[:LATEST_MAX])}


def figures(page: Context) -> dict[str, Any]:
    """Steps that ended runs of the version came to, in the order of the page's steps, with their figures."""
    by_step = version_figures(page["version"].pk)["steps"]
    names = [line.step.name for line in page.get("steps") or ()]
    return {"figures": [(name, by_step[name]) for name in names if name in by_step]}


def triggers(page: Context) -> dict[str, Any]:
    return {"lines": triggers_of(page["workflow"].name)}

"""REST calls of charts and of a version's counters. Thin: `charts` and `counters` do the work."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from config.accounts.permissions import require
from runs.queries.lookup import find_version
from runs.statistics import charts
from runs.statistics.counters import version_figures

router = Router(tags=["figures"])
Hours = Annotated[int, Query(ge=1, le=charts.HOURS_MAX)]


@router.get("/figures/runs", response=dict[str, Any])
def get_runs_by_hour(request: HttpRequest, hours: Hours = 24) -> dict[str, Any]:
    """Runs an hour by how they ended."""
    return charts.runs_by_hour(hours)


@router.get("/figures/durations", response=dict[str, Any])
def get_durations_by_hour(request: HttpRequest, hours: Hours = 24) -> dict[str, Any]:
    """How long runs took, by the hour in which they ended: median and 95th percentile in ms."""
    return charts.durations_by_hour(hours)


@router.get("/figures/queue", response=dict[str, Any])
def get_queue_depth(request: HttpRequest, hours: Hours = 24) -> dict[str, Any]:
    """Attempts that waited in the queues, and worker processes, minute by minute, for two days at most."""
    return charts.queue_depth(hours)


@router.get("/workflows/{name}/versions/{int:number}/figures", response=dict[str, Any])
def get_figures(request: HttpRequest, name: str, number: int) -> dict[str, Any]:
    """Of each step, over the version's ended runs: how often it ended how, was undone, and took how long."""
    require(request.user, "view")
    return version_figures(find_version(name, number).pk)

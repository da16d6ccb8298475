"""REST calls of charts, counters and forecasts. Thin: `charts`, `counters` and `forecast` do the work."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from config.accounts.permissions import require_here
from runs.queries.lookup import find_version
from runs.statistics import charts, forecast
from runs.statistics.blast_radius import blast_radius
from runs.statistics.counters import version_figures

router = Router(tags=["figures"])
Hours = Annotated[int, Query(ge=1, le=charts.HOURS_MAX)]


@router.get("/figures/runs", response=dict[str, Any])
def get_runs_by_hour(request: HttpRequest, hours: Hours = 24) -> dict[str, Any]:
    """Runs an hour by how they ended."""
    return charts.runs_by_hour(hours, request.user)


@router.get("/figures/durations", response=dict[str, Any])
def get_durations_by_hour(request: HttpRequest, hours: Hours = 24) -> dict[str, Any]:
    """How long runs took, by the hour in which they ended: median and 95th percentile in ms."""
    return charts.durations_by_hour(hours, request.user)


@router.get("/figures/queue", response=dict[str, Any])
def get_queue_depth(request: HttpRequest, hours: Hours = 24) -> dict[str, Any]:
    """Attempts that waited in the queues, and worker processes, minute by minute, for two days at most."""
    return charts.queue_depth(hours)


@router.get("/workflows/{name}/versions/{int:number}/figures", response=dict[str, Any])
def get_figures(request: HttpRequest, name: str, number: int) -> dict[str, Any]:
    """Of each step, over the version's ended runs: how often it ended how, was undone, and took how long."""
    require_here(request, "view")
    return version_figures(find_version(name, number).pk)


@router.get("/workflows/{name}/forecast", response=dict[str, Any])
def get_forecast(request: HttpRequest, name: str) -> dict[str, Any]:
    """What a forecast of the workflow rests on: figures of its steps from its latest ended runs, counted.

    The designer's page makes the forecast of them, for the draft as it is edited; below `least` runs none.
    """
    require_here(request, "view")
    return forecast.basis(name, request.user)


@router.get("/workers/{name}/blast-radius", response=dict[str, Any])
def get_worker_blast_radius(request: HttpRequest, name: str) -> dict[str, Any]:
    """What depends on a worker now: workflows and their steps, open runs, and effects that it is to undo."""
    require_here(request, "view")
    return blast_radius("worker", name, request.user).as_json()


@router.get("/connections/{name}/blast-radius", response=dict[str, Any])
def get_connection_blast_radius(request: HttpRequest, name: str) -> dict[str, Any]:
    """What depends on a connection now: workflows and their steps, open runs, and effects to undo by it."""
    require_here(request, "view")
    return blast_radius("connection", name, request.user).as_json()

"""The page of the fleet. Thin."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from config import fleetboard, health
from config.access import page_for

CHART_HOURS = 24


@require_GET
@never_cache
@page_for("view")
def fleet_page(request: HttpRequest) -> HttpResponse:
    """Worker processes, what they run now, and what waits; the page fetches its parts anew."""
    board = fleetboard.board()
    online = [one for one in board["workers"] if one["is_online"]]
    queues = board["queues"]
    context = board | {
        "online": online,
        "running": sum(len(one["running"]) for one in board["workers"]),
        "queued": None if queues is None else sum(queues.values()),
        "hosts": len({one["host"] for one in online}),
        "parts": health.parts(),
        "chart": f"{reverse('api:get_queue_depth')}?hours={CHART_HOURS}",
        "steps_shown": 8,
    }
    return render(request, "fleet.html", context)

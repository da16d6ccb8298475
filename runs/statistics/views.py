"""The first page. Thin: `runs.statistics.dashboard` reads, this module renders."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from config.accounts.permissions import page_for
from runs.models import HourFigures
from runs.statistics import charts, dashboard

SPANS = ((24, "24 hours"), (charts.HOURS_MAX, "7 days"))
CHARTS = {"runs": "get_runs_by_hour", "durations": "get_durations_by_hour", "queue": "get_queue_depth"}


@require_GET
@never_cache
@page_for("view")
def home(request: HttpRequest) -> HttpResponse:
    overview = dashboard.overview()
    hours = next((hours for hours, _ in SPANS if str(hours) == request.GET.get("hours")), SPANS[0][0])
    context = overview | {
        "hours": hours,
        "spans": SPANS,
        "charts": {name: f"{reverse(f'api:{call}')}?hours={hours}" for name, call in CHARTS.items()},
        "has_runs": bool(overview["recent"]) or HourFigures.objects.exists(),
    }
    return render(request, "home.html", context)

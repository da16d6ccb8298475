"""The first page. Thin: `dashboard` reads, `first_run` starts the example, this module renders."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from config.accounts.permissions import may, page_for
from config.accounts.rate_limits import caller, consume
from designer.errors import PublishRefused
from runs.errors import RunsError
from runs.statistics import charts, dashboard, first_run

SPANS = ((24, "24 hours"), (charts.HOURS_MAX, "7 days"))
CHARTS = {"runs": "get_runs_by_hour", "durations": "get_durations_by_hour", "queue": "get_queue_depth"}
KEY_LENGTH_MAX = 64


@require_safe
@never_cache
@page_for("view")
def home(request: HttpRequest) -> HttpResponse:
    overview = dashboard.overview(request.user)
    hours = next((hours for hours, _ in SPANS if str(hours) == request.GET.get("hours")), SPANS[0][0])
    context = overview | {
        "hours": hours,
        "spans": SPANS,
        "charts": {name: f"{reverse(f'api:{call}')}?hours={hours}" for name, call in CHARTS.items()},
        "has_runs": bool(overview["recent"]) or charts.has_any(request.user),
        **_first_run(request, overview),
    }
    return render(request, "home.html", context)


def _first_run(request: HttpRequest, overview: dict[str, Any]) -> dict[str, Any]:
    """Returns the key of the first run while there is none, for those who may start it."""
    if overview["recent"] or not may(request.user, "operate") or not first_run.is_offered(request.user):
        return {}
    return {"first_run_key": f"first-{uuid4()}", "first_run_words": first_run.words()}


@require_POST
@page_for("operate")
def first_rollback(request: HttpRequest) -> HttpResponse:
    """Starts the example that fails, and shows its run; sent twice with one key it is the same run."""
    consume("starts", caller(request))
    key = request.POST.get("key", "")[:KEY_LENGTH_MAX] or f"first-{uuid4()}"
    try:
        run = first_run.start_rollback(request.user, key)
    except (PublishRefused, RunsError) as refused:
        messages.error(request, f"The example cannot be run: {refused}")
        return redirect("home")
    if run is None:
        messages.error(
            request, f"The example {first_run.EXAMPLE} is not offered here. Choose a workflow to start."
        )
        return redirect("workflow-list")
    return redirect("run-detail", run_id=run.pk)

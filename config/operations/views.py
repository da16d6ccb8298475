"""The page of the fleet. Thin."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import URLPattern, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from django_rq.queues import get_queue_by_index
from django_rq.urls import urlpatterns as found_patterns
from redis.exceptions import RedisError
from rq.exceptions import NoSuchJobError
from rq.worker import Worker

from config.accounts.permissions import page_for
from config.operations import fleet_status, health
from config.operations.context_processors import NO_REDIS

CHART_HOURS = 24


@require_GET
@never_cache
@page_for("view")
def fleet_page(request: HttpRequest) -> HttpResponse:
    """Worker processes, what they run now, and what waits; the page fetches its parts anew."""
    board = fleet_status.board()
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


Page = Callable[..., HttpResponse]


INDEXES = ("queue_index", "scheduler_index")


AWAY = 503


JOB_ID = re.compile(r"[\w-]+", re.ASCII)


def queue_patterns() -> list[URLPattern]:
    return [
        URLPattern(found.pattern, page_for("operate")(found_or_404(found.callback)), {}, found.name)
        for found in found_patterns
    ]


def found_or_404(page: Page) -> Page:
    """The page, which by itself fails where a queue, job, worker or scheduler of its address is gone."""

    @wraps(page)
    def checked(request: HttpRequest, /, **where: Any) -> HttpResponse:
        try:
            _require(where)
            return page(request, **where)
        except (NoSuchJobError, ImproperlyConfigured) as missing:
            raise Http404(str(missing)) from missing
        except RedisError:
            return HttpResponse(
                render_to_string("503.html", {"title": "Redis is away", "reason": NO_REDIS}), status=AWAY
            )

    return checked


def _require(where: dict[str, Any]) -> None:
    """Raises Http404."""
    if any(where.get(name, 0) >= len(settings.RQ_QUEUES) for name in INDEXES):
        raise Http404("there is no such queue")
    if not JOB_ID.fullmatch(where.get("job_id", "none")):
        raise Http404("no job can have that id")
    if "key" in where and where["key"] not in Worker.all_keys(connection=get_queue_by_index(0).connection):
        raise Http404("there is no such worker process")

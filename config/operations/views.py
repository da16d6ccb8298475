"""The page of the fleet, and RQ's pages for operators."""

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
from django.views.decorators.http import require_safe
from django_rq.queues import get_queue_by_index
from django_rq.urls import urlpatterns as rq_patterns
from redis.exceptions import RedisError
from rq.exceptions import NoSuchJobError
from rq.worker import Worker

from config.accounts.permissions import page_for
from config.operations import fleet_status, health, worker_page
from config.operations.context_processors import NO_REDIS
from designer.services.folder_rights import require_all

CHART_HOURS = 24
INDEXES = ("queue_index", "scheduler_index")
NO_SERVICE = 503
JOB_ID = re.compile(r"[\w-]+", re.ASCII)

Page = Callable[..., HttpResponse]


@require_safe
@never_cache
@page_for("view")
def fleet_page(request: HttpRequest) -> HttpResponse:
    """Worker processes with their current steps, and the queues. The page refreshes its parts by itself."""
    overview = fleet_status.overview(request.user)
    online = [process for process in overview["workers"] if process["is_online"]]
    queues = overview["queues"]
    context = overview | {
        "online": online,
        "running": sum(len(process["running"]) for process in overview["workers"]),
        "queued": None if queues is None else sum(queues.values()),
        "hosts": len({process["host"] for process in online}),
        "parts": health.parts(),
        "chart": f"{reverse('api:get_queue_depth')}?hours={CHART_HOURS}",
        "steps_shown": 8,
        "known": worker_page.names(),
    }
    return render(request, "fleet.html", context)


def queue_patterns() -> list[URLPattern]:
    """RQ's pages, each with our permission check and our errors; they show steps of all workflows."""
    return [
        URLPattern(rq.pattern, page_for("operate")(found_or_404(rq.callback)), {}, rq.name)
        for rq in rq_patterns
    ]


def found_or_404(page: Page) -> Page:
    """Wraps a page of RQ, which fails with 500 if the queue, job, worker or scheduler of its address is gone.

    The wrapped page answers 404 then, as for records that are no JSON, and 503 while Redis does not answer.
    """

    @wraps(page)
    def checked(request: HttpRequest, /, **parameters: Any) -> HttpResponse:
        try:
            require_all(request.user)
            _require(parameters)
            return page(request, **parameters)
        except (NoSuchJobError, ImproperlyConfigured) as missing:
            raise Http404(str(missing)) from missing
        except ValueError as error:  # of the JSON serializer: who wrote that was not this product
            raise Http404("what Redis holds there is no data of this product") from error
        except RedisError:
            return HttpResponse(
                render_to_string("503.html", {"title": "Redis is away", "reason": NO_REDIS}),
                status=NO_SERVICE,
            )

    return checked


def _require(address: dict[str, Any]) -> None:
    """Raises Http404 if an index, job id or worker key of the address exists nowhere."""
    if any(address.get(name, 0) >= len(settings.RQ_QUEUES) for name in INDEXES):
        raise Http404("there is no such queue")
    if not JOB_ID.fullmatch(address.get("job_id", "none")):
        raise Http404("no job can have that id")
    if "key" in address and address["key"] not in Worker.all_keys(
        connection=get_queue_by_index(0).connection
    ):
        raise Http404("there is no such worker process")

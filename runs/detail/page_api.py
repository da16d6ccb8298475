"""REST calls of a run's page: the state its canvas starts from, single values, the items of maps. Thin."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware
from ninja import Query, Router

from config.accounts.permissions import may_here
from config.lib.json import json_text
from runs.queries.journal import BULK_MAX, bulk_text
from runs.queries.lookup import find_run
from runs.queries.run_page import (
    TIMELINE_STEPS_MAX,
    items_page,
    run_value,
    step_facts,
    step_value,
    timeline,
    view_json,
)

router = Router(tags=["runs"])
zipped = GZipMiddleware(lambda _: HttpResponse())  # entries resemble each other and shrink to a twentieth


@router.get("/runs/{uuid:run_id}/view", response=dict[str, Any])
def get_view(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    """The graph that the run really has, and the state from which its journal is followed."""
    return view_json(find_run(run_id), request.user)


@router.get("/runs/{uuid:run_id}/timeline", response=dict[str, Any])
def get_timeline(
    request: HttpRequest,
    run_id: UUID,
    step: Annotated[list[str], Query(max_length=TIMELINE_STEPS_MAX)],
    after: int = 0,
) -> dict[str, Any]:
    """Journal entries of the steps named, oldest first, without their progress; pass `next` on as `after`.

    Of the items of a map only the first and the last that say when they were undone.
    """
    return timeline(find_run(run_id), step, max(after, 0))


@router.get("/runs/{uuid:run_id}/replay", response=dict[str, Any])
def get_replay(request: HttpRequest, run_id: UUID, after: int = 0, limit: int = BULK_MAX) -> HttpResponse:
    """The journal in bulk, at most 5,000 entries: each as `[type, step, attempt, at, status, data]`."""
    text = bulk_text(find_run(run_id).pk, max(after, 0), max(limit, 1))
    response = HttpResponse(text, content_type="application/json")
    zipped.process_response(request, response)  # changes the response in place
    return response


@router.get("/runs/{uuid:run_id}/values/{what}", response=Any)
def get_value(
    request: HttpRequest, run_id: UUID, what: Literal["input", "context", "output"], download: bool = False
) -> HttpResponse:
    """One value of the run as JSON, as a whole."""
    return _whole(run_value(find_run(run_id), what), f"{run_id}-{what}", download)


@router.get("/runs/{uuid:run_id}/steps/{step}/values/{what}", response=Any)
def get_step_value(
    request: HttpRequest,
    run_id: UUID,
    step: str,
    what: Literal["output", "context", "params", "changes"],
    download: bool = False,
) -> HttpResponse:
    """A step's output, the context that it read, its params as bound, or what its output changed."""
    return _whole(step_value(find_run(run_id), step, what), f"{run_id}-{step}-{what}", download)


def _whole(value: Any, name: str, download: bool) -> HttpResponse:
    """Returns a value as JSON with its size as `Content-Length`, which a page shows before loading it."""
    response = HttpResponse(json_text(value), content_type="application/json")
    response["Content-Length"] = str(len(response.content))
    if download:
        response["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return response


@router.get("/runs/{uuid:run_id}/steps/{step}/facts", response=dict[str, Any])
def get_step_facts(request: HttpRequest, run_id: UUID, step: str) -> dict[str, Any]:
    """What the page says of a step beside its journal; to who may operate, the traceback of its error."""
    return step_facts(find_run(run_id), step, may_here(request, "operate"), request.user)


@router.get("/runs/{uuid:run_id}/steps/{step}/items", response=dict[str, Any])
def get_items(
    request: HttpRequest, run_id: UUID, step: str, status: str | None = None, q: str = "", after: int = 0
) -> dict[str, Any]:
    """Items of a map with their errors, 50 at a time; pass `next` on as `after`."""
    return items_page(find_run(run_id), step, status, q.strip()[:200], max(after, 0), request.user)

"""REST calls on many runs: lists and bulk acts. Thin: `search` and `bulk` do the work."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Header, Query, Router, Status
from pydantic import BaseModel, Field

from config.accounts.authentication import callers
from config.accounts.rate_limits import caller, consume
from designer.services.folder_rights import barred
from runs.lists import bulk, saved_views
from runs.lists.filters import Filters
from runs.lists.rows import starters
from runs.lists.search import PAGE_ROWS, PAGE_ROWS_MAX, page_of
from runs.machine.events import CancelMode
from runs.models import VIEW_NAME_LENGTH_MAX, VIEW_QUERY_LENGTH_MAX
from runs.queries.runs import summary_json
from runs.queries.snapshot import without_traceback

router = Router(tags=["runs"])


@router.get("/runs", response=dict[str, Any])
def list_runs(
    request: HttpRequest,
    status: str | None = None,
    workflow: str | None = None,
    label: str | None = None,
    q: str | None = None,
    since: str | None = None,
    until: str | None = None,
    trials: bool = False,
    imported: bool = False,
    run: str | None = None,
    error: str | None = None,
    step: str | None = None,
    parent: str | None = None,
    top: bool = False,
    sort: Literal["", "oldest", "ended"] = "",
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_ROWS_MAX)] = PAGE_ROWS,
) -> dict[str, Any]:
    """Newest first, in keyset pages; pass `next` on as `cursor`, until it is null.

    `label`: `key` or `key=value`; `q`: text in the input; `since`, `until`: when it was created. `trials` or
    `imported`: those of drafts, or those that came as files, instead. `run`: an id, or its last 8 digits or
    more, whatever the other filters say; `error`: text in the error's message or code; `step`: `name` or
    `name=status` of a step that has begun; `parent`: child runs of that run; `top`: no child runs. `sort`:
    `oldest` first, or last `ended` first. A page of filters that no index combines may hold few runs and
    have a next one all the same.
    """
    filters = Filters(
        status, workflow, label, q, since, until, trials, imported, run, error, step, parent, top, sort
    )
    filters = replace(filters, hidden=barred(request.user, "view"))
    runs, following = page_of(filters, cursor, limit)
    people = starters(runs)
    listed = [
        summary_json(run) | {"error": without_traceback(run.error), "started_by": people[run.pk] or None}
        for run in runs
    ]
    return {"runs": listed, "next": following}


class ViewIn(BaseModel, extra="forbid"):
    name: str = Field(max_length=VIEW_NAME_LENGTH_MAX)
    query: str = Field("", max_length=VIEW_QUERY_LENGTH_MAX, description="As in the address of the list.")
    shared: bool = False


@router.get("/views", response=dict[str, Any])
def list_views(request: HttpRequest) -> dict[str, Any]:
    """The saved views of the list of runs: one's own and shared ones."""
    views = saved_views.visible_to(request.user)[: saved_views.VIEWS_SHOWN_MAX]
    return {"views": [saved_views.view_json(request.user, view) for view in views]}


@router.post("/views", auth=callers("view"), response={201: dict[str, Any]})
def save_view(request: HttpRequest, body: ViewIn) -> Status[dict[str, Any]]:
    """Saves a view of the list of runs; one's own view of that name is replaced."""
    view = saved_views.save(request.user, body.name, body.query, body.shared)
    return Status(201, saved_views.view_json(request.user, view))


@router.delete("/views/{view_id}", auth=callers("view"), response={204: None})
def delete_view(request: HttpRequest, view_id: int) -> Status[None]:
    """Deletes a view of one's own; administrators delete shared ones too."""
    saved_views.delete(request.user, view_id)
    return Status(204, None)


KEY_LENGTH_MAX = 160  # a run's id follows it


class BulkIn(BaseModel, extra="forbid"):
    act: bulk.Act
    runs: list[UUID] = Field(min_length=1, max_length=bulk.BULK_MAX)
    mode: CancelMode = "compensate"
    dry_run: bool = False


@router.post("/runs/bulk", auth=callers("operate"), response=dict[str, Any])
def act_on_many(
    request: HttpRequest,
    body: BulkIn,
    idempotency_key: Annotated[str | None, Header(alias="Idempotency-Key", max_length=KEY_LENGTH_MAX)] = None,
) -> dict[str, Any]:
    """Cancel, retry, rerun, pause or resume up to 200 runs; each that refuses is told, and holds up no other.

    `retry` answers the open questions of a blocked run. With `dry_run` it is only told what would be.
    The same Idempotency-Key again reruns nothing twice; with another body it is refused with 422.
    """
    order = bulk.Order(body.act, body.mode, request.user, idempotency_key or "")
    run_ids = list(dict.fromkeys(body.runs))
    if body.act == "rerun" and not body.dry_run:
        consume("starts", caller(request), len(run_ids))
    results = bulk.preview(order, run_ids) if body.dry_run else bulk.do(order, run_ids)
    done = sum(result.is_done for result in results)
    return {"results": [result.as_json() for result in results], "done": done, "refused": len(results) - done}

"""REST calls on many runs: lists and bulk acts. Thin: `search` and `bulk` do the work."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Header, Router, Schema
from pydantic import Field

from config.accounts.authentication import callers
from config.accounts.rate_limits import caller, consume
from runs.lists import bulk
from runs.lists.search import Filters, page_of
from runs.machine.events import CancelMode
from runs.queries.runs import summary_json

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
    cursor: str | None = None,
) -> dict[str, Any]:
    """Newest first, in keyset pages; pass `next` on as `cursor`, until it is null.

    `label`: `key` or `key=value`; `q`: text in the input; `since`, `until`: when it was created. `trials` or
    `imported`: those of drafts, or those that came as files, instead. A page of `q` or `label` with another
    filter may hold few runs and have a next one all the same.
    """
    runs, following = page_of(Filters(status, workflow, label, q, since, until, trials, imported), cursor)
    return {"runs": [summary_json(run) for run in runs], "next": following}


KEY_LENGTH_MAX = 160  # a run's id follows it


class BulkIn(Schema):
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

"""REST call for one act on many runs. Thin."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Header, Router, Schema
from pydantic import Field

from config.callers import callers
from config.limits import caller, spend
from runs import bulk
from runs.machine.messages import CancelMode

router = Router(tags=["runs"])
KEY_LENGTH_MAX = 160  # a run's id follows it


class BulkIn(Schema):
    act: Literal["cancel", "retry", "rerun"]
    runs: list[UUID] = Field(min_length=1, max_length=bulk.BULK_MAX)
    mode: CancelMode = "compensate"
    dry_run: bool = False


@router.post("/runs/bulk", auth=callers("operate"), response=dict[str, Any])
def act_on_many(
    request: HttpRequest,
    body: BulkIn,
    idempotency_key: Annotated[str | None, Header(alias="Idempotency-Key", max_length=KEY_LENGTH_MAX)] = None,
) -> dict[str, Any]:
    """Cancel, retry or rerun up to 200 runs; each that refuses is told, and holds up no other.

    `retry` answers the open questions of a blocked run. With `dry_run` it is only told what would be.
    The same Idempotency-Key again reruns nothing twice.
    """
    order = bulk.Order(body.act, body.mode, request.user, idempotency_key or "")
    run_ids = list(dict.fromkeys(body.runs))
    if body.act == "rerun" and not body.dry_run:
        spend("starts", caller(request), len(run_ids))
    results = bulk.foresee(order, run_ids) if body.dry_run else bulk.do(order, run_ids)
    done = sum(result.is_done for result in results)
    return {"results": [result.as_json() for result in results], "done": done, "refused": len(results) - done}

"""REST calls on named limits. Thin: each calls `runs.limits.service`."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import BaseModel, ConfigDict, Field

from config.accounts.authentication import callers
from config.lib.json import iso
from designer.models import LIMIT_PER_S
from runs.limits import service
from runs.limits.service import NUMBER_MAX, Standing
from workers.sdk.limits import SECONDS_MAX

router = Router(tags=["limits"])


class LimitIn(BaseModel):
    """`at_once`: calls at a time; `rate`: calls in any `per` seconds; left out or null: any number."""

    model_config = ConfigDict(extra="forbid")
    at_once: int | None = Field(None, ge=1, le=NUMBER_MAX)
    rate: int | None = Field(None, ge=1, le=NUMBER_MAX)
    per: float = Field(LIMIT_PER_S, gt=0, le=SECONDS_MAX)


@router.get("/limits", response=dict[str, Any])
def list_limits(request: HttpRequest) -> dict[str, Any]:
    """The named limits, with how many calls hold a slot of each, and how many steps wait for one."""
    return {"limits": [limit_json(standing) for standing in service.standings()]}


@router.get("/limits/{name}", response=dict[str, Any])
def get_limit(request: HttpRequest, name: str) -> dict[str, Any]:
    return limit_json(service.find(name))


@router.put("/limits/{name}", auth=callers("operate"), response=dict[str, Any])
def put_limit(request: HttpRequest, name: str, body: LimitIn) -> dict[str, Any]:
    """State a limit, or change it. It counts at once, also for steps that wait for it already."""
    service.change(name, body.at_once, body.rate, body.per, request.user)
    return limit_json(service.find(name))


@router.delete("/limits/{name}", auth=callers("operate"), response={204: None})
def remove_limit(request: HttpRequest, name: str) -> Status[None]:
    """Remove a limit: all that wait for it go on."""
    service.remove(name, request.user)
    return Status(204, None)


def limit_json(standing: Standing) -> dict[str, Any]:
    limit = standing.limit
    return {
        "name": limit.name,
        "at_once": limit.at_once,
        "rate": limit.rate,
        "per": limit.per,
        "held": standing.held,
        "used": standing.used,
        "waiting": standing.waiting,
        "changed_at": iso(limit.changed_at),
        "changed_by": limit.changer or None,
    }

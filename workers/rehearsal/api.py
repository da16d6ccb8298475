"""REST calls on rehearsals. Thin: `workers.rehearsal.keeping` acts."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import BaseModel, ConfigDict, Field

from config.accounts.authentication import callers
from config.accounts.rate_limits import caller, consume
from workers.rehearsal import keeping
from workers.rehearsal.models import CHECK_LENGTH_MAX

router = Router(tags=["workflows"])


class RehearseIn(BaseModel):
    """`input`: the sample input if left out; `outputs`: what stubs answer, by step; `check`: who judges."""

    model_config = ConfigDict(extra="forbid")
    input: dict[str, Any] | None = None
    outputs: dict[str, Any] = Field(default_factory=dict)
    check: str = Field("", max_length=CHECK_LENGTH_MAX)


@router.get("/examined-undos", response=dict[str, Any])
def list_examined_undos(request: HttpRequest) -> dict[str, Any]:
    """What rehearsals have shown of undos: `undos`, each with its worker and whether it is idempotent."""
    return {"undos": keeping.examined_undos(request.user)}


@router.get("/workflows/{name}/rehearsal", response=dict[str, Any])
def get_rehearsal(request: HttpRequest, name: str) -> dict[str, Any]:
    """The newest rehearsal: how far it is, and what each step and fault has shown.

    `current` says whether the draft is still what was rehearsed. 404 where there was none.
    """
    return keeping.rehearsal_json(keeping.newest(name))


@router.post("/workflows/{name}/rehearsal", auth=callers("design"), response={202: dict[str, Any]})
def start_rehearsal(request: HttpRequest, name: str, body: RehearseIn) -> Status[dict[str, Any]]:
    """Rehearse the draft, or without one the newest version, in a process of its own.

    409 while one is under way, and with `problems` when the draft has errors.
    """
    consume("starts", caller(request))
    rehearsal = keeping.begin(name, body.input, body.outputs, body.check, request.user)
    return Status(202, keeping.rehearsal_json(rehearsal))


@router.delete("/workflows/{name}/rehearsal", auth=callers("design"), response=dict[str, Any])
def stop_rehearsal(request: HttpRequest, name: str) -> dict[str, Any]:
    """Stop the rehearsal under way after the run that it is at. What it has found stays."""
    return keeping.rehearsal_json(keeping.stop(name))

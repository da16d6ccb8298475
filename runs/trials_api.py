"""REST calls that try a draft. Thin, as `runs.api`."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from config.access import require
from designer.api import IfMatch, revision_of
from runs.queries import run_json
from runs.trials import try_draft, try_step

router = Router(tags=["workflows"])


class TryIn(Schema):
    input: dict[str, Any] = Field(default_factory=dict)


class TryStepIn(Schema):
    context: dict[str, Any] = Field(default_factory=dict)
    steps: dict[str, Any] = Field(default_factory=dict)


@router.post("/workflows/{name}/draft/runs", response={201: dict[str, Any]})
def start_trial(
    request: HttpRequest, name: str, body: TryIn, if_match: IfMatch = None
) -> Status[dict[str, Any]]:
    """Starts a trial of the draft: real workers, real effects, nothing published.

    With `If-Match` only if the draft still has that revision. 409 with `problems` when it has errors.
    """
    require(request.user, "design")
    return Status(201, run_json(try_draft(name, body.input, revision_of(if_match), request.user)))


@router.post("/workflows/{name}/draft/steps/{step}/runs", response={201: dict[str, Any]})
def start_trial_of_step(
    request: HttpRequest, name: str, step: str, body: TryStepIn, if_match: IfMatch = None
) -> Status[dict[str, Any]]:
    """Starts a trial of one step alone with the given context; `steps` are outputs by step name."""
    require(request.user, "design")
    run = try_step(name, step, body.context, body.steps, revision_of(if_match), request.user)
    return Status(201, run_json(run))

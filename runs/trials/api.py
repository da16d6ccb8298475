"""REST calls that try a draft or its expressions. Thin: `service` starts, `preview` evaluates."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import BaseModel, Field

from config.accounts.authentication import callers
from config.accounts.rate_limits import caller, consume
from config.lib.apart import apart
from designer.expressions.scanner import LENGTH_MAX
from designer.web.api import IfMatch, revision_of
from runs.queries.runs import run_json
from runs.trials import preview
from runs.trials.service import try_draft, try_step

router = Router(tags=["workflows"])


class TryIn(BaseModel, extra="forbid"):
    input: dict[str, Any] = Field(default_factory=dict)


class TryStepIn(BaseModel, extra="forbid"):
    context: dict[str, Any] = Field(default_factory=dict)
    steps: dict[str, Any] = Field(default_factory=dict)


@router.post("/workflows/{name}/draft/runs", auth=callers("design"), response={201: dict[str, Any]})
def start_trial(
    request: HttpRequest, name: str, body: TryIn, if_match: IfMatch = None
) -> Status[dict[str, Any]]:
    """Starts a trial of the draft: real workers, real effects, nothing published.

    With `If-Match` only if the draft still has that revision. 409 with `problems` when it has errors.
    """
    consume("starts", caller(request))
    return Status(201, run_json(try_draft(name, body.input, revision_of(if_match), request.user)))


@router.post(
    "/workflows/{name}/draft/steps/{path:step}/runs", auth=callers("design"), response={201: dict[str, Any]}
)
def start_trial_of_step(
    request: HttpRequest, name: str, step: str, body: TryStepIn, if_match: IfMatch = None
) -> Status[dict[str, Any]]:
    """Starts a trial of one step alone with the given context; `steps` are outputs by step name.

    A step of a body is named by its path, as `outer/inner`.
    """
    consume("starts", caller(request))
    run = try_step(name, step, body.context, body.steps, revision_of(if_match), request.user)
    return Status(201, run_json(run))


# --- what expressions of a draft see ---


class PreviewIn(BaseModel, extra="forbid"):
    path: str = Field(max_length=500)
    expression: str = Field(max_length=LENGTH_MAX)
    run: UUID | None = None


@router.get("/workflows/{name}/draft/scope", auth=callers("design"), response=dict[str, Any])
def get_scope(request: HttpRequest, name: str, path: str, run: UUID | None = None) -> dict[str, Any]:
    """What an expression at `path` (as in problems: `steps[2].params.amount`) may read.

    `known` holds paths with type and a short sample, from a past run of the workflow or, without `run`,
    from its sample input; `runs` are the latest to choose from.
    """
    return apart(preview.known, name, path, run)


@router.get("/workflows/{name}/draft/context", auth=callers("design"), response=dict[str, Any])
def get_context(request: HttpRequest, name: str, path: str, run: UUID | None = None) -> dict[str, Any]:
    """The values that a step would see: `context`, `input`, `steps` and what else there is."""
    return preview.scope_of_run(name, path, run)


@router.post("/workflows/{name}/draft/preview", auth=callers("design"), response=dict[str, Any])
def preview_expression(request: HttpRequest, name: str, body: PreviewIn) -> dict[str, Any]:
    """`type` and `text` of what an expression gives at `path`, or `error`; stores nothing."""
    return apart(preview.evaluate, name, body.path, body.expression, body.run)

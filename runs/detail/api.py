"""REST calls on runs. Thin: each checks the caller, then calls the engine or a query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Body, Header, Query, Router, Status
from pydantic import BaseModel, Discriminator, Field, Tag

from config.accounts.authentication import callers
from config.accounts.permissions import may_here, require_here
from config.accounts.rate_limits import caller, consume
from designer.models import WorkflowVersion
from runs.delivery.waiting import wait_for, waited_for
from runs.engine import engine
from runs.engine.again import start_again
from runs.engine.creation import Request
from runs.engine.starting import STARTED_AT_ONCE_MAX
from runs.errors import BadInput, UnknownWorkflow
from runs.machine.limits import (
    ANSWER_WAIT_S_MAX,
    COMMENT_LENGTH_MAX,
    FRAMES_MAX,
    IDEMPOTENCY_KEY_LENGTH_MAX,
    LABELS_MAX,
    PRIORITY_MAX,
    PRIORITY_STANDARD,
    STEP_LENGTH_MAX,
)
from runs.machine.states import RUN_ENDED
from runs.queries.lookup import find_run, find_version
from runs.queries.rollback_plan import rollback_plan
from runs.queries.runs import allowed, frames, run_json, summary_json

router = Router(tags=["runs"])


class StartIn(BaseModel, extra="forbid"):  # so that a bare input is refused, not started with an empty one
    input: dict[str, Any] = Field(default_factory=dict)
    version: int | None = None
    labels: dict[str, str] = Field(default_factory=dict, max_length=LABELS_MAX)
    priority: int = Field(PRIORITY_STANDARD, ge=0, le=PRIORITY_MAX)


class StartOneOfManyIn(StartIn):
    idempotency_key: str | None = Field(None, min_length=1, max_length=IDEMPOTENCY_KEY_LENGTH_MAX)


def _is_many(body: Any) -> str:
    return "many" if isinstance(body, list) else "one"


Many = Annotated[list[StartOneOfManyIn], Field(min_length=1, max_length=STARTED_AT_ONCE_MAX)]
OneOrMany = Annotated[Annotated[StartIn, Tag("one")] | Annotated[Many, Tag("many")], Discriminator(_is_many)]


class CancelIn(BaseModel, extra="forbid"):
    mode: Literal["compensate", "abandon"] = "compensate"


class RollbackIn(BaseModel, extra="forbid"):
    to_step: str | None = None


class AgainIn(BaseModel, extra="forbid"):
    from_step: str = Field("", max_length=STEP_LENGTH_MAX)


class CommentIn(BaseModel, extra="forbid"):
    comment: str = Field("", max_length=COMMENT_LENGTH_MAX)


class ApproveIn(CommentIn):
    """`answer`: what the approval's form was filled in with."""

    answer: dict[str, Any] | None = None


OptionalApproveIn = Annotated[ApproveIn | None, Body()]
OptionalCancelIn = Annotated[CancelIn | None, Body()]
OptionalRollbackIn = Annotated[RollbackIn | None, Body()]
OptionalAgainIn = Annotated[AgainIn | None, Body()]
OptionalCommentIn = Annotated[CommentIn | None, Body()]
Payload = Annotated[Any, Body()]


@router.post(
    "/workflows/{name}/runs", auth=callers("operate"), response={201: dict[str, Any], 200: dict[str, Any]}
)
def start(
    request: HttpRequest,
    name: str,
    body: Annotated[OneOrMany, Body()],
    idempotency_key: Annotated[
        str | None, Header(alias="Idempotency-Key", max_length=IDEMPOTENCY_KEY_LENGTH_MAX)
    ] = None,
) -> Status[dict[str, Any]]:
    """Start a run, or a list of up to 1,000 runs: all of them in one transaction, or none.

    The same key again (the header Idempotency-Key; in a list, each run's own `idempotency_key`) gives the
    same run; with another body it is refused with 422. 201 where at least one run is new, 200 where all were
    there before. A list is answered with `runs`, in its order, each with `is_new`; `problems` of a refused
    list begin with the run's place.
    """
    if isinstance(body, list):
        return _start_many(request, name, body, idempotency_key)
    consume("starts", caller(request))
    version = find_version(name, body.version)
    started = engine.start_one(_request(version, body, request, idempotency_key))
    return Status(201 if started.is_new else 200, run_json(started.run))


def _start_many(
    request: HttpRequest, name: str, body: Sequence[StartOneOfManyIn], header: str | None
) -> Status[dict[str, Any]]:
    if header is not None:
        raise BadInput("A list takes no Idempotency-Key header: give each run its own idempotency_key.")
    consume("starts", caller(request), len(body))
    find_version(name)
    versions = _versions(name, [item.version for item in body])
    started = engine.start_runs(
        [_request(versions[item.version], item, request, item.idempotency_key) for item in body]
    )
    runs = [summary_json(start.run) | {"is_new": start.is_new} for start in started]
    return Status(201 if any(start.is_new for start in started) else 200, {"runs": runs})


def _request(version: WorkflowVersion, body: StartIn, request: HttpRequest, key: str | None) -> Request:
    content = (body.input, body.labels, body.version)
    return Request(
        version, body.input, body.labels, request.user, key, content=content, priority=body.priority
    )


def _versions(name: str, numbers: Sequence[int | None]) -> dict[int | None, WorkflowVersion]:
    """Returns the versions by number. Raises BadInput with the place of an unknown number in the list."""
    versions: dict[int | None, WorkflowVersion] = {}
    for place, number in enumerate(numbers):
        if number not in versions:
            try:
                versions[number] = find_version(name, number)
            except UnknownWorkflow as error:
                problem = {"code": error.code, "path": f"[{place}].version", "message": str(error)}
                raise BadInput(f"Run [{place}] of the list is refused: {error}", [problem]) from None
    return versions


@router.get("/runs/{uuid:run_id}", response=dict[str, Any])
def get_run(
    request: HttpRequest,
    response: HttpResponse,
    run_id: UUID,
    wait: Annotated[float, Query(ge=0, le=ANSWER_WAIT_S_MAX)] = 0,
) -> dict[str, Any]:
    """A run as it is now, or with `wait` as it is when it has ended, at the latest after so many seconds."""
    run = find_run(run_id)
    if wait and run.status not in RUN_ENDED and waited_for(request) is None:
        wait_for(response, run_id, wait)
    return run_json(run)


@router.get("/runs/{uuid:run_id}/steps", response=list[dict[str, Any]])
def get_steps(request: HttpRequest, run_id: UUID) -> Any:
    return run_json(find_run(run_id))["steps"]


@router.get("/runs/{uuid:run_id}/events", response=dict[str, Any])
def get_events(
    request: HttpRequest, run_id: UUID, after: int = 0, limit: int = FRAMES_MAX, step: str | None = None
) -> dict[str, Any]:
    """Journal entries after number `after`, at most 500, as the socket sends them; `step` gives its own."""
    most = min(max(limit, 1), FRAMES_MAX)
    return {"events": frames(find_run(run_id).pk, max(after, 0), most, step)}


@router.get("/runs/{uuid:run_id}/rollback-plan", response=dict[str, Any])
def get_rollback_plan(request: HttpRequest, run_id: UUID, to_step: str | None = None) -> dict[str, Any]:
    """What would be undone now, in order, what would remain, and which points of no return are passed."""
    return rollback_plan(find_run(run_id), to_step)


@router.get("/runs/{uuid:run_id}/allowed", response=dict[str, Any])
def get_allowed(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    """Operations that would be accepted now."""
    return allowed(find_run(run_id))


@router.post("/runs/{uuid:run_id}/cancel", auth=callers("operate", "design"), response=dict[str, Any])
def cancel(request: HttpRequest, run_id: UUID, body: OptionalCancelIn = None) -> dict[str, Any]:
    run = find_run(run_id)
    may_as_designer = run.trial and may_here(request, "design")
    require_here(request, "design" if may_as_designer else "operate")
    engine.cancel_run(run.pk, body.mode if body else "compensate", request.user)
    return run_json(find_run(run_id))


@router.post("/runs/{uuid:run_id}/pause", auth=callers("operate"), response=dict[str, Any])
def pause(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    """Start nothing new in the run, forward or back; what is under way ends. So in its child runs."""
    engine.pause_run(find_run(run_id).pk, request.user)
    return run_json(find_run(run_id))


@router.post("/runs/{uuid:run_id}/resume", auth=callers("operate"), response=dict[str, Any])
def resume(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    """Go on with a paused run, and with the child runs that were paused with it."""
    engine.resume_run(find_run(run_id).pk, request.user)
    return run_json(find_run(run_id))


@router.post("/runs/{uuid:run_id}/rollback", auth=callers("operate"), response=dict[str, Any])
def roll_back(request: HttpRequest, run_id: UUID, body: OptionalRollbackIn = None) -> dict[str, Any]:
    engine.roll_back(find_run(run_id).pk, body.to_step if body else None, request.user)
    return run_json(find_run(run_id))


@router.post("/runs/{uuid:run_id}/rerun", auth=callers("operate"), response={201: dict[str, Any]})
def rerun(request: HttpRequest, run_id: UUID, body: OptionalAgainIn = None) -> Status[dict[str, Any]]:
    """Start a new run of the same version with the same input.

    With `from_step` it goes on from that step: what stands of the steps before it is taken over, and not run
    again. `again_from` of `allowed` lists such steps; 409 `not_standing` where something before was undone.
    """
    consume("starts", caller(request))
    again = start_again(find_run(run_id), body.from_step if body else "", request.user)
    return Status(201, run_json(again))


@router.post("/runs/{uuid:run_id}/signals/{name}", auth=callers("operate"), response={202: None})
def signal(request: HttpRequest, run_id: UUID, name: str, payload: Payload = None) -> Status[None]:
    engine.signal(find_run(run_id).pk, name, payload, request.user)
    return Status(202, None)


@router.post("/runs/{uuid:run_id}/steps/{step}/approve", auth=callers("operate"), response={204: None})
def approve(request: HttpRequest, run_id: UUID, step: str, body: OptionalApproveIn = None) -> Status[None]:
    """Approve. 403 where others are asked; 422 with `problems` where `answer` does not fit the form."""
    comment, answer = (body.comment, body.answer) if body else ("", None)
    engine.approve(find_run(run_id).pk, step, True, request.user, comment, answer)
    return Status(204, None)


@router.post("/runs/{uuid:run_id}/steps/{step}/reject", auth=callers("operate"), response={204: None})
def reject(request: HttpRequest, run_id: UUID, step: str, body: OptionalCommentIn = None) -> Status[None]:
    """Reject. 403 where others are asked; 409 `comment_required` where it needs a comment."""
    engine.approve(find_run(run_id).pk, step, False, request.user, body.comment if body else "")
    return Status(204, None)


@router.post("/runs/{uuid:run_id}/steps/{step}/happen-now", auth=callers("operate"), response={204: None})
def happen_now(request: HttpRequest, run_id: UUID, step: str) -> Status[None]:
    """Let the time that a step waits for, or the next attempt of it or of its undo, come now.

    409 `not_put_off` where it waits for neither; `allowed` says which steps do.
    """
    engine.happen_now(find_run(run_id).pk, step, request.user)
    return Status(204, None)


@router.post("/runs/{uuid:run_id}/steps/{step}/enough", auth=callers("operate"), response={204: None})
def end_loop(request: HttpRequest, run_id: UUID, step: str) -> Status[None]:
    """End a loop after the turn under way; it counts as completed."""
    engine.end_loop(find_run(run_id).pk, step, request.user)
    return Status(204, None)

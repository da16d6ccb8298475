"""REST calls on interventions. Thin: each checks the caller, then calls the service or a query."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Body, Query, Router, Status
from pydantic import BaseModel, Field

from config.accounts.authentication import callers
from designer.document.limits import NAME_LENGTH_MAX
from designer.services.folder_rights import seen
from runs.errors import UnknownIntervention
from runs.interventions import service
from runs.interventions.approvals import PAGE, PAGE_MAX, approval_json, page_of
from runs.interventions.facts import Question, answers_json, preview_json
from runs.interventions.queries import UNREAD, history_json, interventions_json
from runs.machine.answers import Answer
from runs.machine.limits import CAUSE_KEY_LENGTH_MAX, COMMENT_LENGTH_MAX
from runs.models import Intervention

INTERVENTIONS_MAX = 200

router = Router(tags=["runs"])


class AnswerIn(BaseModel, extra="forbid"):
    answer: Answer
    note: str = Field("", max_length=COMMENT_LENGTH_MAX)
    patch: dict[str, Any] | None = None
    output: Any = None
    seen: int | None = Field(None, ge=0)


class ClaimIn(BaseModel, extra="forbid"):
    take_over: bool = False


class NoteIn(BaseModel, extra="forbid"):
    note: str = Field(
        max_length=COMMENT_LENGTH_MAX
    )  # the service refuses what is longer than a note, with a message


OptionalClaimIn = Annotated[ClaimIn | None, Body()]


@router.get("/interventions", response=dict[str, Any])
def list_interventions(
    request: HttpRequest,
    status: Literal["open", "answered"] = "open",
    workflow: Annotated[str | None, Query(max_length=NAME_LENGTH_MAX)] = None,
    cause: Annotated[str | None, Query(max_length=CAUSE_KEY_LENGTH_MAX)] = None,
    limit: Annotated[int, Query(ge=1, le=INTERVENTIONS_MAX)] = INTERVENTIONS_MAX,
) -> dict[str, Any]:
    """At most 200 of that status: open ones by age, answered ones newest first. `count`: all of them."""
    interventions = Intervention.objects.filter(status=status).select_related("run").defer(*UNREAD)
    interventions = seen(interventions, request.user, "run__workflow_name")
    interventions = interventions.filter(**({"run__workflow_name": workflow} if workflow else {}))
    interventions = interventions.filter(**({"cause_key": cause} if cause else {}))
    listed = interventions.order_by("opened_at" if status == "open" else "-answered_at", "pk")[:limit]
    return {"interventions": interventions_json(list(listed)), "count": interventions.count()}


@router.get("/interventions/{int:intervention_id}", response=dict[str, Any])
def get_intervention(request: HttpRequest, intervention_id: int) -> dict[str, Any]:
    """An intervention with its history."""
    intervention = _find_intervention(intervention_id)
    return interventions_json([intervention])[0] | {"history": history_json(intervention)}


@router.post("/interventions/{int:intervention_id}/claim", auth=callers("operate"), response=dict[str, Any])
def claim_intervention(
    request: HttpRequest, intervention_id: int, body: OptionalClaimIn = None
) -> dict[str, Any]:
    """409 where somebody else has claimed it, unless `take_over` is true."""
    service.claim(intervention_id, request.user, take_over=bool(body and body.take_over))
    return _intervention_json(intervention_id)


@router.post("/interventions/{int:intervention_id}/release", auth=callers("operate"), response=dict[str, Any])
def release_intervention(request: HttpRequest, intervention_id: int) -> dict[str, Any]:
    service.release(intervention_id, request.user)
    return _intervention_json(intervention_id)


@router.post(
    "/interventions/{int:intervention_id}/notes", auth=callers("operate"), response={201: dict[str, Any]}
)
def note_on_intervention(request: HttpRequest, intervention_id: int, body: NoteIn) -> Status[dict[str, Any]]:
    service.note(intervention_id, request.user, body.note)
    return Status(201, get_intervention(request, intervention_id))


@router.post(
    "/interventions/{int:intervention_id}/answer",
    auth=callers("operate"),
    response={200: dict[str, Any], 202: dict[str, Any]},
)
def answer_intervention(request: HttpRequest, intervention_id: int, body: AnswerIn) -> Status[dict[str, Any]]:
    """409 with who and what, where somebody has already answered; 202 where a second person has to agree.

    With `seen`, as the preview gives it, 409 where the run has moved since.
    """
    reply = service.Reply(body.answer, body.note, body.patch, body.output)
    result = service.answer(intervention_id, reply, request.user, body.seen)
    return Status(202 if result == "proposed" else 200, _intervention_json(intervention_id))


@router.get("/interventions/{int:intervention_id}/answers", response=dict[str, Any])
def list_answers(request: HttpRequest, intervention_id: int) -> dict[str, Any]:
    """What happened, and the answers that are possible now, with what each leads to. Nothing is done."""
    return answers_json(Question(_find_intervention(intervention_id)))


@router.post("/interventions/{int:intervention_id}/preview", auth=callers("operate"), response=dict[str, Any])
def preview_answer(request: HttpRequest, intervention_id: int, body: AnswerIn) -> dict[str, Any]:
    """What an answer would lead to, with its patch or its output. Nothing is done."""
    question = Question(_find_intervention(intervention_id))
    reply = service.Reply(body.answer, body.note, body.patch, body.output)
    return preview_json(question, reply)


@router.get("/approvals", response=dict[str, Any])
def list_approvals(
    request: HttpRequest,
    of: Literal["mine", "all"] = "mine",
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE,
) -> dict[str, Any]:
    """Approvals that wait for an answer, the oldest first; pass `next` on as `cursor`.

    `mine`: those that the caller may answer, as an assignee, or as an operator where nobody is named.
    """
    approvals, following = page_of(request.user, of, cursor, limit)
    return {"approvals": [approval_json(approval) for approval in approvals], "next": following}


def _intervention_json(intervention_id: int) -> dict[str, Any]:
    return interventions_json([_find_intervention(intervention_id)])[0]


def _find_intervention(intervention_id: int) -> Intervention:
    """Raises UnknownIntervention."""
    rows = Intervention.objects.select_related("run").defer(*UNREAD).filter(pk=intervention_id)
    intervention = rows.first()
    if intervention is None:
        raise UnknownIntervention()
    return intervention

"""REST calls on triggers, and the endpoint for events. Thin: each calls `runs.triggers.service`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.urls import reverse
from ninja import Router, Status
from pydantic import BaseModel, ConfigDict, Field

from config.accounts.authentication import callers
from config.accounts.rate_limits import caller, consume
from config.lib.json import iso
from designer.document.limits import EVENT_TYPE_LENGTH_MAX, NAME_LENGTH_MAX
from runs.engine import engine
from runs.engine.starting import Started
from runs.errors import NothingStarted, TooLarge, WorkflowFull
from runs.machine.limits import (
    CRON_LENGTH_MAX,
    DELIVERY_LENGTH_MAX,
    PRIORITY_MAX,
    PRIORITY_STANDARD,
    ZONE_LENGTH_MAX,
)
from runs.models import Trigger
from runs.queries.lookup import find_workflow
from runs.triggers import debounce, service
from runs.triggers.cloudevents import STRUCTURED, read_event
from runs.triggers.debounce import Held, Waiting
from runs.triggers.service import TriggerSpec

router = Router(tags=["triggers"])
BODY_BYTES_MAX = 1_000_000  # of an event, and of a webhook's call

AN_EVENT = {
    "type": "object",
    "required": ["id", "type", "source"],
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 500},
        "source": {"type": "string", "minLength": 1, "maxLength": 500},
        "type": {"type": "string", "pattern": r"^\S{1,200}$"},
        "specversion": {"type": "string", "enum": ["1.0"]},
        "data": {"description": "An object is the run's input; another value stands under `data`"},
    },
}
EVENT_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": AN_EVENT}, STRUCTURED: {"schema": AN_EVENT}},
    }
}

HeaderNames = Annotated[list[str], Field(max_length=service.HEADERS_MAX)]


class TriggerIn(BaseModel):
    """`event_type` belongs to events, `headers` and `delivery` to webhooks, the rest to schedules.

    `input_key` belongs to the first two, `priority` to all.
    """

    model_config = ConfigDict(extra="forbid")
    kind: Literal["event", "hook", "schedule"]
    event_type: str = Field("", max_length=EVENT_TYPE_LENGTH_MAX)
    headers: HeaderNames = []
    input_key: str = Field("", max_length=NAME_LENGTH_MAX)
    delivery: str = Field("", max_length=DELIVERY_LENGTH_MAX)
    cron: str = Field("", max_length=CRON_LENGTH_MAX)
    zone: str = Field("UTC", max_length=ZONE_LENGTH_MAX)
    input: dict[str, Any] = {}
    priority: int = Field(PRIORITY_STANDARD, ge=0, le=PRIORITY_MAX)
    is_enabled: bool = True


class TriggerChangeIn(BaseModel):
    """What is to be changed; all else stays."""

    model_config = ConfigDict(extra="forbid")
    event_type: str | None = Field(None, max_length=EVENT_TYPE_LENGTH_MAX)
    headers: HeaderNames | None = None
    input_key: str | None = Field(None, max_length=NAME_LENGTH_MAX)
    delivery: str | None = Field(None, max_length=DELIVERY_LENGTH_MAX)
    cron: str | None = Field(None, max_length=CRON_LENGTH_MAX)
    zone: str | None = Field(None, max_length=ZONE_LENGTH_MAX)
    input: dict[str, Any] | None = None
    priority: int | None = Field(None, ge=0, le=PRIORITY_MAX)
    is_enabled: bool | None = None


@router.get("/workflows/{name}/triggers", response=dict[str, Any])
def list_triggers(request: HttpRequest, name: str) -> dict[str, Any]:
    """What starts runs of a workflow from outside."""
    find_workflow(name)
    triggers = list(service.of_workflow(name))
    held = debounce.waiting(triggers)
    return {"triggers": [trigger_json(trigger, held.get(trigger.pk)) for trigger in triggers]}


@router.post("/workflows/{name}/triggers", auth=callers("design"), response={201: dict[str, Any]})
def create_trigger(request: HttpRequest, name: str, body: TriggerIn) -> Status[dict[str, Any]]:
    """A new trigger. Of a webhook, `url` is shown this once; only a hash of its token is kept."""
    spec = TriggerSpec(**body.model_dump(exclude={"kind"}))
    trigger, token = service.create(find_workflow(name), body.kind, spec, request.user)
    return Status(201, trigger_json(trigger) | hook_json(request, token))


@router.patch("/workflows/{name}/triggers/{int:trigger_id}", auth=callers("design"), response=dict[str, Any])
def change_trigger(request: HttpRequest, name: str, trigger_id: int, body: TriggerChangeIn) -> dict[str, Any]:
    """Change a trigger, or switch it off and on. A schedule goes on from now: what it missed is gone."""
    trigger = service.find(name, trigger_id)
    changed = service.change(trigger, request.user, **body.model_dump(exclude_none=True))
    return trigger_json(changed, debounce.waiting([changed]).get(changed.pk))


@router.delete("/workflows/{name}/triggers/{int:trigger_id}", auth=callers("design"), response={204: None})
def remove_trigger(request: HttpRequest, name: str, trigger_id: int) -> Status[None]:
    service.remove(service.find(name, trigger_id), request.user)
    return Status(204, None)


@router.post(
    "/workflows/{name}/triggers/{int:trigger_id}/rotate", auth=callers("design"), response=dict[str, Any]
)
def rotate_token(request: HttpRequest, name: str, trigger_id: int) -> dict[str, Any]:
    """A new address for a webhook, shown this once; the old one opens nothing any more."""
    trigger = service.find(name, trigger_id)
    token = service.rotate(trigger, request.user)
    return trigger_json(trigger, debounce.waiting([trigger]).get(trigger.pk)) | hook_json(request, token)


@router.post(
    "/events",
    auth=callers("operate"),
    response={200: dict[str, Any], 201: dict[str, Any], 202: dict[str, Any]},
    openapi_extra=EVENT_BODY,
)
def take_event(request: HttpRequest) -> Status[dict[str, Any]]:
    """An event: a CloudEvent as JSON or with `ce-*` headers, or `{id, type, source, data}`.

    Starts a run of each workflow that waits for its type, and is given to each run that waits for such an
    event: `taken` is how many took it at once. Where a version waits for its type it is kept for steps that
    begin to wait later (`kept`). An event is known by its source and id: sent again, it has no effect, and is
    answered with the same runs. 201 where a run is new or has taken it, else 200. `refused` says which
    workflows could not take it; 422 where none could.
    One that was full (`workflow_full`) has taken it, and starts nothing. One that holds inputs back stands in
    `debounced`, and `until` says when its run starts if nothing else comes; 202 where that is all.
    """
    consume("starts", caller(request))
    event = read_event(headers_of(request), body_of(request))
    kept, taken = engine.take_event({**event.attributes, "data": event.data})
    results = service.start_by_event(event, request.user)
    runs = [
        {"id": str(started.run.pk), "workflow": result.workflow, "is_new": started.is_new}
        for result in results
        if isinstance(started := result.started, Started)
    ]
    held = [
        {"workflow": result.workflow, "until": iso(result.started.until), "is_new": result.started.is_new}
        for result in results
        if isinstance(result.started, Held)
    ]
    refused = [
        {"code": getattr(error, "code", ""), "path": result.workflow, "message": str(error)}
        for result in results
        if (error := result.error)
    ]
    is_full = any(isinstance(result.error, WorkflowFull) for result in results)
    if refused and not runs and not held and kept is None and not is_full:
        raise NothingStarted(refused)
    is_new = taken > 0 or any(run["is_new"] for run in runs)
    answer: dict[str, Any] = {"event": event.id, "source": event.source, "runs": runs, "refused": refused}
    answer |= {"taken": taken, "kept": kept is not None, "debounced": held}
    return Status(201 if is_new else 202 if held else 200, answer)


def headers_of(request: HttpRequest) -> dict[str, str]:
    """The headers by their names in lower case."""
    return {name.lower(): value for name, value in request.headers.items()}


def body_of(request: HttpRequest) -> bytes:
    """The raw body. Raises TooLarge beyond BODY_BYTES_MAX."""
    try:
        body = request.body
    except RequestDataTooBig:
        raise TooLarge(BODY_BYTES_MAX) from None
    if len(body) > BODY_BYTES_MAX:
        raise TooLarge(BODY_BYTES_MAX)
    return body


def trigger_json(trigger: Trigger, held: Waiting | None = None) -> dict[str, Any]:
    """A trigger with the fields of its kind. `held`: what it brought that is held back now."""
    by_kind = {name: getattr(trigger, name) for name in service.FIELDS[trigger.kind]}
    times = {"next_at": iso(trigger.next_at)} if trigger.kind == Trigger.Kind.SCHEDULE else {}
    start = {"token_start": trigger.token_start} if trigger.kind == Trigger.Kind.HOOK else {}
    return (
        {"id": trigger.pk, "kind": trigger.kind, "is_enabled": trigger.is_enabled}
        | by_kind
        | times
        | start
        | {
            "used_at": iso(trigger.used_at),
            "refused": trigger.refused or None,
            "passed_over": trigger.passed_over,
            "debounced": {
                "passed_over": trigger.debounced,
                "waiting": held.count if held else 0,
                "until": iso(held.until) if held else None,
            },
            "created_at": iso(trigger.created_at),
            "created_by": trigger.creator or None,
        }
    )


def hook_json(request: HttpRequest, token: str) -> dict[str, str]:
    """Token and address of a webhook, for the one answer that shows them; empty without a token."""
    return {"token": token, "url": hook_address(request, token)} if token else {}


def hook_address(request: HttpRequest, token: str) -> str:
    return request.build_absolute_uri(reverse("hook", args=[token]))

"""REST calls on triggers and their calls. Thin: each calls a service of `runs.triggers`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import uuid4

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.urls import reverse
from ninja import Header, Query, Router, Status
from pydantic import BaseModel, ConfigDict, Field

from config.accounts.authentication import callers
from config.accounts.rate_limits import caller, consume
from config.lib.json import iso, json_text
from designer.document.limits import EVENT_TYPE_LENGTH_MAX, NAME_LENGTH_MAX
from runs.errors import TooLarge
from runs.machine.limits import (
    CRON_LENGTH_MAX,
    DELIVERY_LENGTH_MAX,
    FOLDER_LENGTH_MAX,
    PATTERN_LENGTH_MAX,
    PRIORITY_MAX,
    PRIORITY_STANDARD,
    TRIGGER_NAME_LENGTH_MAX,
    TRIGGER_WHEN_LENGTH_MAX,
    ZONE_LENGTH_MAX,
)
from runs.models import Trigger, TriggerCall
from runs.queries.lookup import find_workflow
from runs.store import reader
from runs.triggers import calls, debounce, hooks, service, testing
from runs.triggers.debounce import Waiting
from runs.triggers.schedules import times as schedules
from runs.triggers.spec import FIELDS, HEADERS_MAX, MAPPED_MAX, TriggerSpec

router = Router(tags=["triggers"])
BODY_BYTES_MAX = 1_000_000  # of an event, and of a webhook's call
CALLS_MAX = calls.KEPT_MAX + calls.UNVERIFIED_KEPT_MAX
KEY_LENGTH_MAX = 100
PREVIEWED = 5

HeaderNames = Annotated[list[str], Field(max_length=HEADERS_MAX)]


Map = Annotated[dict[str, Any], Field(max_length=MAPPED_MAX)]
Overlap = Literal["allow", "skip", "queue", "cancel_oldest"]
Misfire = Literal["skip", "once", "all"]


class TriggerFields(BaseModel):
    """What may be stated of triggers. Each kind takes its own fields; `name` and `priority` belong to all."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field("", max_length=TRIGGER_NAME_LENGTH_MAX)
    event_type: str = Field("", max_length=EVENT_TYPE_LENGTH_MAX)
    when: str = Field("", max_length=TRIGGER_WHEN_LENGTH_MAX)
    map: Map = {}
    headers: HeaderNames = []
    input_key: str = Field("", max_length=NAME_LENGTH_MAX)
    delivery: str = Field("", max_length=DELIVERY_LENGTH_MAX)
    verify: dict[str, Any] = {}
    answer: dict[str, Any] = {}
    cron: str = Field("", max_length=CRON_LENGTH_MAX)
    every: int | None = None
    at: datetime | None = None
    zone: str = Field("UTC", max_length=ZONE_LENGTH_MAX)
    overlap: Overlap = "allow"
    misfire: Misfire = "once"
    input: dict[str, Any] = {}
    folder: str = Field("", max_length=FOLDER_LENGTH_MAX)
    pattern: str = Field("", max_length=PATTERN_LENGTH_MAX)
    priority: int = Field(PRIORITY_STANDARD, ge=0, le=PRIORITY_MAX)
    is_enabled: bool = True


class TriggerIn(TriggerFields):
    kind: Literal["event", "hook", "schedule", "file"]


class ScheduleIn(BaseModel):
    """`local_at`: the same as `at`, as a clock in the zone shows it."""

    model_config = ConfigDict(extra="forbid")
    cron: str = Field("", max_length=CRON_LENGTH_MAX)
    every: int | None = None
    at: datetime | None = None
    local_at: str = Field("", max_length=30)
    zone: str = Field("UTC", max_length=ZONE_LENGTH_MAX)


class TestIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    body: Any = None


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


@router.get("/workflows/{name}/triggers/{int:trigger_id}", response=dict[str, Any])
def get_trigger(request: HttpRequest, name: str, trigger_id: int) -> dict[str, Any]:
    trigger = service.find(name, trigger_id)
    return trigger_json(trigger, debounce.waiting([trigger]).get(trigger.pk))


@router.patch("/workflows/{name}/triggers/{int:trigger_id}", auth=callers("design"), response=dict[str, Any])
def change_trigger(request: HttpRequest, name: str, trigger_id: int, body: TriggerFields) -> dict[str, Any]:
    """Change what is stated, or switch it off and on. A schedule goes on from now: what it missed is gone."""
    trigger = service.find(name, trigger_id)
    changed = service.change(trigger, request.user, **body.model_dump(exclude_unset=True))
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


@router.get("/workflows/{name}/triggers/{int:trigger_id}/calls", response=dict[str, Any])
def list_calls(
    request: HttpRequest,
    name: str,
    trigger_id: int,
    limit: Annotated[int, Query(ge=1, le=CALLS_MAX)] = CALLS_MAX,
) -> dict[str, Any]:
    """The last calls of a webhook, times of a schedule, or files, the newest first, with what came of each.

    What a call brought is never shown.
    """
    listed = calls.of_trigger(service.find(name, trigger_id)).defer("content")[:limit]
    return {"calls": [call_json(call) for call in listed]}


@router.post(
    "/workflows/{name}/triggers/{int:trigger_id}/calls/{int:call_id}/replay",
    auth=callers("operate", "design"),
    response={200: dict[str, Any], 201: dict[str, Any], 202: dict[str, Any]},
)
def replay_call(
    request: HttpRequest,
    name: str,
    trigger_id: int,
    call_id: int,
    idempotency_key: Annotated[str | None, Header(alias="Idempotency-Key", max_length=KEY_LENGTH_MAX)] = None,
) -> Status[dict[str, Any]]:
    """Do again what a call asked for, without its signature. 409 where what it brought is not kept.

    A call that had started a run starts a new one. The same Idempotency-Key starts one.
    """
    consume("starts", caller(request))
    trigger = service.find(name, trigger_id)
    call = calls.find_call(trigger, call_id)
    taken = hooks.replay(trigger, call, request.user, idempotency_key or uuid4().hex)
    return Status(taken.status, taken_json(taken))


@router.post(
    "/workflows/{name}/triggers/{int:trigger_id}/test",
    auth=callers("operate", "design"),
    response={200: dict[str, Any], 201: dict[str, Any], 202: dict[str, Any]},
)
def test_trigger(request: HttpRequest, name: str, trigger_id: int, body: TestIn) -> Status[dict[str, Any]]:
    """Call a webhook as its sender would, with `body` as JSON and a signature. It starts a real run."""
    consume("starts", caller(request))
    trigger = service.find(name, trigger_id)
    taken, curl = testing.test(trigger, json_text(body.body).encode(), request.user)
    return Status(taken.status, taken_json(taken) | {"curl": curl})


@router.post("/schedules/preview", response=dict[str, Any])
def preview_schedule(request: HttpRequest, body: ScheduleIn) -> dict[str, Any]:
    """The next five times of a schedule that is not saved yet; 422 with `problems` where it is none."""
    at = body.at or schedules.moment_in(body.zone, body.local_at)
    times = service.previewed(body.cron, body.every, at, body.zone)
    return {
        "times": [iso(moment) for moment in times.next_ones(reader.now(), PREVIEWED)],
        "words": times.in_words,
    }


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
    by_kind = {name: getattr(trigger, name) for name in FIELDS[trigger.kind]}
    if "at" in by_kind:
        by_kind["at"] = iso(trigger.at)
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
            "skipped": trigger.skipped,
            "unverified": trigger.unverified,
            "debounced": {
                "passed_over": trigger.debounced,
                "waiting": held.count if held else 0,
                "until": iso(held.until) if held else None,
            },
            "created_at": iso(trigger.created_at),
            "created_by": trigger.creator or None,
        }
    )


def call_json(call: TriggerCall) -> dict[str, Any]:
    return {
        "id": call.pk,
        "at": iso(call.at),
        "outcome": call.outcome,
        "status": call.status,
        "reason": call.reason or None,
        "source": call.source,
        "run": str(call.run_id) if call.run_id else None,
        "what": call.what or None,
        "size": call.size,
        "is_replayable": bool(call.content),
        "replay_of": call.replay_of,
        "replayed_by": call.replayed_by or None,
    }


def taken_json(taken: hooks.Taken) -> dict[str, Any]:
    return {
        "outcome": taken.outcome,
        "run": str(taken.run_id) if taken.run_id else None,
        "skipped": taken.skipped or None,
    }


def hook_json(request: HttpRequest, token: str) -> dict[str, str]:
    """Token and address of a webhook, for the one answer that shows them; empty without a token."""
    return {"token": token, "url": hook_address(request, token)} if token else {}


def hook_address(request: HttpRequest, token: str) -> str:
    return request.build_absolute_uri(reverse("hook", args=[token]))

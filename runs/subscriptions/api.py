"""REST calls on subscriptions. Thin: each calls `runs.subscriptions.service`."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import BaseModel, ConfigDict, Field

from config.accounts.authentication import callers
from config.lib.json import iso
from runs.machine.limits import ADDRESS_LENGTH_MAX, CONDITION_LENGTH_MAX
from runs.models import Delivery, Subscription
from runs.subscriptions import service
from runs.subscriptions.events import TYPES
from runs.subscriptions.service import (
    FAILURES_MAX,
    FAILURES_MIN,
    MINUTES_MAX,
    NAME_CHARS_MAX,
    SubscriptionSpec,
)

router = Router(tags=["subscriptions"])
PAGE = 100
SECRET_LENGTH_MAX = 63
WORKFLOW_LENGTH_MAX = 63

Types = Annotated[list[str], Field(max_length=len(TYPES))]
Kind = Literal["webhook", "slack", "email"]


class SubscriptionIn(BaseModel):
    """`address`: a URL, or e-mail addresses; `secret`: the name of a secret that signs, or holds Slack's URL.

    `failures_n`, `failures_minutes`: of the type `failures.repeated`. `when`: a condition on `event`.
    """

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=NAME_CHARS_MAX)
    kind: Kind
    types: Types
    workflow: str = Field("", max_length=WORKFLOW_LENGTH_MAX)
    when: str = Field("", max_length=CONDITION_LENGTH_MAX)
    address: str = Field("", max_length=ADDRESS_LENGTH_MAX)
    secret: str = Field("", max_length=SECRET_LENGTH_MAX)
    failures_n: int = Field(5, ge=FAILURES_MIN, le=FAILURES_MAX)
    failures_minutes: int = Field(10, ge=1, le=MINUTES_MAX)
    is_enabled: bool = True


class SubscriptionChangeIn(BaseModel):
    """What is to be changed; all else stays."""

    model_config = ConfigDict(extra="forbid")
    name: str | None = Field(None, max_length=NAME_CHARS_MAX)
    kind: Kind | None = None
    types: Types | None = None
    workflow: str | None = Field(None, max_length=WORKFLOW_LENGTH_MAX)
    when: str | None = Field(None, max_length=CONDITION_LENGTH_MAX)
    address: str | None = Field(None, max_length=ADDRESS_LENGTH_MAX)
    secret: str | None = Field(None, max_length=SECRET_LENGTH_MAX)
    failures_n: int | None = Field(None, ge=FAILURES_MIN, le=FAILURES_MAX)
    failures_minutes: int | None = Field(None, ge=1, le=MINUTES_MAX)
    is_enabled: bool | None = None


@router.get("/subscriptions", response=dict[str, Any])
def list_subscriptions(request: HttpRequest) -> dict[str, Any]:
    """What tells the outside of events, and how its last delivery went."""
    return {"subscriptions": [subscription_json(row) for row in service.all_of_them(request.user)]}


@router.post("/subscriptions", auth=callers("design"), response={201: dict[str, Any]})
def create_subscription(request: HttpRequest, body: SubscriptionIn) -> Status[dict[str, Any]]:
    """A new subscription, told of what happens from now on."""
    made = service.create(SubscriptionSpec(**body.model_dump()), request.user)
    return Status(201, subscription_json(made))


@router.get("/subscriptions/{int:subscription_id}", response=dict[str, Any])
def get_subscription(request: HttpRequest, subscription_id: int) -> dict[str, Any]:
    return subscription_json(service.find(subscription_id))


@router.patch("/subscriptions/{int:subscription_id}", auth=callers("design"), response=dict[str, Any])
def change_subscription(
    request: HttpRequest, subscription_id: int, body: SubscriptionChangeIn
) -> dict[str, Any]:
    """Change a subscription, or switch it off and on; what waits is given up when it is switched off."""
    changes = body.model_dump(exclude_none=True)
    return subscription_json(service.change(service.find(subscription_id), request.user, **changes))


@router.delete("/subscriptions/{int:subscription_id}", auth=callers("design"), response={204: None})
def remove_subscription(request: HttpRequest, subscription_id: int) -> Status[None]:
    """Remove a subscription and its deliveries."""
    service.remove(service.find(subscription_id), request.user)
    return Status(204, None)


@router.post(
    "/subscriptions/{int:subscription_id}/test", auth=callers("design"), response={202: dict[str, Any]}
)
def test_subscription(request: HttpRequest, subscription_id: int) -> Status[dict[str, Any]]:
    """Have a test event sent; its delivery says what came of it."""
    return Status(202, delivery_json(service.send_test(service.find(subscription_id), request.user)))


@router.get("/subscriptions/{int:subscription_id}/deliveries", response=dict[str, Any])
def list_deliveries(
    request: HttpRequest,
    subscription_id: int,
    before: Annotated[int | None, Field(ge=1, le=2**63 - 1)] = None,
) -> dict[str, Any]:
    """The newest first, 100 at a time; pass `next` on as `before`, until it is null."""
    rows = list(service.deliveries(service.find(subscription_id), before)[: PAGE + 1])
    following = rows[PAGE - 1].pk if len(rows) > PAGE else None
    shown = [row for row in rows[:PAGE] if service.may_be_shown(row, request.user)]
    return {"deliveries": [delivery_json(row) for row in shown], "next": following}


@router.post(
    "/subscriptions/{int:subscription_id}/deliveries/{int:delivery_id}/replay",
    auth=callers("design"),
    response={202: dict[str, Any]},
)
def replay_delivery(request: HttpRequest, subscription_id: int, delivery_id: int) -> Status[dict[str, Any]]:
    """Have an ended delivery sent anew, under the same id."""
    delivery = service.replay(service.find(subscription_id), delivery_id, request.user)
    return Status(202, delivery_json(delivery))


def subscription_json(row: Subscription) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "kind": row.kind,
        "workflow": row.workflow.name if row.workflow else None,
        "types": row.types,
        "when": row.when,
        "address": shown_address(row),
        "secret": row.secret or None,
        "failures_n": row.failures_n,
        "failures_minutes": row.failures_minutes,
        "is_enabled": row.is_enabled,
        "created_at": iso(row.created_at),
        "created_by": row.creator or None,
        "delivered_at": iso(row.delivered_at),
        "failed_at": iso(row.failed_at),
        "problem": row.problem or None,
    }


def shown_address(row: Subscription) -> str:
    """The address; of a webhook of Slack the host alone, since whoever knows the rest may post there."""
    if row.kind != Subscription.Kind.SLACK or not row.address:
        return ", ".join(row.address.split())
    parts = urlsplit(row.address)
    return f"{parts.scheme}://{parts.netloc}/…"


def delivery_json(row: Delivery) -> dict[str, Any]:
    return {
        "id": row.pk,
        "type": row.type,
        "status": row.status,
        "tries": row.tries,
        "answer": row.answer,
        "error": row.error or None,
        "due_at": iso(row.due_at),
        "created_at": iso(row.created_at),
        "ended_at": iso(row.ended_at),
        "payload": row.payload,
    }

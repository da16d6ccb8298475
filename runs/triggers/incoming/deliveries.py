"""Deliveries: the id by which a sender's webhook is known when it comes again. PURE.

Senders repeat a delivery that was not answered in time, with the id that it had before. Each of these headers
is documented by its sender as the same over all tries of one delivery. Headers that are new with each try, or
that several deliveries share (`X-Request-Id`, `X-Gitlab-Event-UUID`), are not among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

IDEMPOTENCY_KEY = "idempotency-key"  # draft-ietf-httpapi-idempotency-key-header; GitLab sends it too
DELIVERY_HEADERS = (
    "webhook-id",  # Standard Webhooks
    "svix-id",
    "x-github-delivery",
    "x-gitea-delivery",
    "x-forgejo-delivery",
    "x-gogs-delivery",
    "x-shopify-webhook-id",
    "x-atlassian-webhook-identifier",
    "x-zendesk-webhook-invocation-id",
    "x-amz-sns-message-id",
    "i-twilio-idempotency-token",
    "linear-delivery",
)
EVENT_ID, EVENT_SOURCE = "ce-id", "ce-source"  # CloudEvents: known by both together


BODY = "body."  # before the path of a value in the body


def delivery_of(headers: Mapping[str, str], body: Any = None, place: str = "") -> tuple[str, ...] | None:
    """What a call is known by, the sender's own Idempotency-Key before all; None if nothing tells it.

    `place`: the header, or the path in the body, that a trigger names. Header names are in lower case.
    """
    if IDEMPOTENCY_KEY in headers:
        return (headers[IDEMPOTENCY_KEY],)
    if place and (value := _value_at(place, headers, body)):
        return place, value
    for name in DELIVERY_HEADERS:
        if value := headers.get(name, "").strip():
            return name, value
    if (event_id := headers.get(EVENT_ID, "").strip()) and (source := headers.get(EVENT_SOURCE, "").strip()):
        return EVENT_ID, source, event_id
    return None


def _value_at(place: str, headers: Mapping[str, str], body: Any) -> str:
    """The text or number at a place; empty if there is none."""
    if not place.startswith(BODY):
        return headers.get(place, "").strip()
    for key in place.removeprefix(BODY).split("."):
        body = body.get(key) if isinstance(body, Mapping) else None
    return str(body).strip() if isinstance(body, str | int) and not isinstance(body, bool) else ""

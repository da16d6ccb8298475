"""Deliveries: the id by which a sender's webhook is known when it comes again. PURE.

Senders repeat a delivery that was not answered in time, with the id that it had before. Each of these headers
is documented by its sender as the same over all tries of one delivery. Headers that are new with each try, or
that several deliveries share (`X-Request-Id`, `X-Gitlab-Event-UUID`), are not among them.
"""

from __future__ import annotations

from collections.abc import Mapping

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


def delivery_of(headers: Mapping[str, str]) -> tuple[str, ...] | None:
    """What a call is known by, the sender's own Idempotency-Key before all; None if nothing tells it.

    Header names are in lower case.
    """
    if IDEMPOTENCY_KEY in headers:
        return (headers[IDEMPOTENCY_KEY],)
    for name in DELIVERY_HEADERS:
        if value := headers.get(name, "").strip():
            return name, value
    if (event_id := headers.get(EVENT_ID, "").strip()) and (source := headers.get(EVENT_SOURCE, "").strip()):
        return EVENT_ID, source, event_id
    return None

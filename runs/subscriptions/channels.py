"""The ways by which a delivery reaches its receiver: a signed webhook, Slack's form of one, e-mail."""

from __future__ import annotations

import asyncio
import binascii
from collections.abc import Callable
from datetime import datetime
from html import escape
from smtplib import SMTPException

import orjson
from django.core.mail import EmailMessage
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from runs.models import Delivery, Subscription
from runs.store import reader
from runs.subscriptions.events import sentence, text_of
from runs.subscriptions.retries import is_delivered
from workers.connections.errors import ConnectionsError
from workers.connections.http import Call, CallFailed, Reply, send
from workers.connections.opening import open_secret

TIMEOUT_S = 15.0
ANSWER_BYTES_MAX = 64_000
ANSWER_SHOWN_MAX = 200
SUBJECT_CHARS_MAX = 200
Conceal = Callable[[str], None]


class NotDelivered(Exception):
    """A try failed. `status`: that of the answer, if one came."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


def deliver(delivery: Delivery, conceal: Conceal) -> int | None:
    """Sends a delivery; returns the status of the answer, if it is a call. Raises NotDelivered.

    `conceal` gets what may stand in no error text.
    """
    subscription = delivery.subscription
    try:
        secret = open_secret(subscription.secret) if subscription.secret else ""
    except ConnectionsError as error:
        raise NotDelivered(str(error)) from error
    if secret:
        conceal(secret)
    if subscription.kind == Subscription.Kind.EMAIL:
        _mail(delivery)
        return None
    if subscription.kind == Subscription.Kind.SLACK:
        address = subscription.address or secret
        conceal(address)
        # Slack reads <!channel> and links in a text, so what came from outside is escaped.
        return _post(address, orjson.dumps({"text": escape(text_of(delivery.payload), quote=False)}), {})
    content = orjson.dumps(delivery.payload)
    return _post(subscription.address, content, signature(delivery, content, secret, reader.now()))


def signature(delivery: Delivery, content: bytes, secret: str, at: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks; without a secret there is no signature. Raises NotDelivered."""
    message_id = delivery.payload["id"]
    headers = {"webhook-id": message_id, "webhook-timestamp": str(int(at.timestamp()))}
    if secret:
        try:
            signer = Webhook(secret if secret.startswith("whsec_") else secret.encode())
        except (binascii.Error, ValueError, EmptyWebhookSecretError) as error:
            raise NotDelivered("The secret begins with whsec_, and no base64 follows.") from error
        headers["webhook-signature"] = signer.sign(message_id, at, content.decode())
    return headers


def _post(address: str, content: bytes, headers: dict[str, str]) -> int:
    headers = {"Content-Type": "application/json", **headers}
    call = Call("POST", address, headers=headers, content=content, timeout=TIMEOUT_S, redirects=False)
    try:
        reply = asyncio.run(send(call))
    except CallFailed as failed:
        raise NotDelivered(f"{failed.code}: {failed}") from failed
    if not is_delivered(reply.status):
        raise NotDelivered(_words(reply), reply.status)
    return reply.status


def _words(reply: Reply) -> str:
    text = " ".join(reply.text.split())[:ANSWER_SHOWN_MAX]
    return f"The answer was {reply.status}: {text}" if text else f"The answer was {reply.status}."


def _mail(delivery: Delivery) -> None:
    payload, to = delivery.payload, delivery.subscription.address.split()
    subject = f"[Sagaboard] {' '.join(sentence(payload).split())}"[:SUBJECT_CHARS_MAX]
    mail = EmailMessage(subject, text_of(payload) + "\n", to=to, headers={"X-Sagaboard-Event": payload["id"]})
    try:
        mail.send()
    except (SMTPException, OSError) as error:
        raise NotDelivered(f"The mail was not taken: {error}") from error

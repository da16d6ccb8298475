"""Sends deliveries: the sweep dispatches those that are due to worker processes, again until each has ended.

A delivery is sent at least once. A job carries the number of tries that its delivery had; the job that counts
the next try sends it, and any other one of the same number does nothing. A worker process that dies before it
has noted the answer leaves the delivery due after AGAIN_S, and it is sent again under the same id, by which
receivers know it.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import F
from redis import RedisError

from config.lib.secrets import redact
from runs.delivery import queue
from runs.models import Delivery, Subscription
from runs.models.subscriptions import WORDS_LENGTH_MAX
from runs.store import reader
from runs.subscriptions.channels import NotDelivered, deliver
from runs.subscriptions.retries import GONE, TRIES_MAX, delay_after
from runs.subscriptions.sources import is_still_overdue

logger = logging.getLogger(__name__)

DELIVERIES_PER_PASS = 200
AGAIN_S = 60.0  # longer than a try takes
REST = timedelta(
    seconds=5
)  # of a receiver that did not answer, so that worker processes do not all wait for it
Status = Delivery.Status


def dispatch_due(at: datetime) -> int:
    """Dispatches due deliveries to worker processes. Returns how many. Raises RedisError."""
    due = Delivery.objects.filter(due_at__lte=at).order_by("due_at")
    return sum(_dispatch(row, at) for row in due.only("pk", "due_at", "tries")[:DELIVERIES_PER_PASS])


def _dispatch(delivery: Delivery, at: datetime) -> int:
    # Of two sweeps, only the one whose UPDATE postpones the delivery dispatches it.
    unchanged = Delivery.objects.filter(pk=delivery.pk, due_at=delivery.due_at, tries=delivery.tries)
    if not unchanged.update(due_at=at + timedelta(seconds=AGAIN_S)):
        return 0
    if delivery.tries >= TRIES_MAX:
        _end(delivery.pk, Status.GIVEN_UP, error="No worker process came to an end with it.")
        return 1
    try:
        queue.enqueue(
            queue.DELIVERY_JOB, f"delivery-{delivery.pk}-{delivery.tries}", delivery.pk, delivery.tries
        )
    except RedisError:
        Delivery.objects.filter(pk=delivery.pk, tries=delivery.tries).update(due_at=delivery.due_at)
        raise
    return 1


def send(delivery_id: int, tries: int) -> None:
    """Job: sends a delivery that had so many tries, and notes the answer."""
    now = reader.now()
    untried = Delivery.objects.filter(pk=delivery_id, tries=tries, status=Status.PENDING)
    resting = untried.filter(subscription__rests_until__gt=now).values_list("subscription__rests_until")
    if rests_until := resting.first():
        untried.update(due_at=rests_until[0])
        return
    if not untried.update(tries=F("tries") + 1, due_at=now + timedelta(seconds=AGAIN_S)):
        return
    delivery = Delivery.objects.select_related("subscription").get(pk=delivery_id)
    if delivery.type == "approval.overdue" and not is_still_overdue(delivery.payload["data"]):
        delivery.delete()
        return
    secrets: list[str] = []
    try:
        answer = deliver(delivery, secrets.append)
    except NotDelivered as failed:
        words = str(redact(str(failed), secrets))[:WORDS_LENGTH_MAX]
        _note_failure(delivery, failed.status, words)
    else:
        _end(delivery_id, Status.DELIVERED, answer=answer, error="")
        Subscription.objects.filter(pk=delivery.subscription_id).update(delivered_at=reader.now(), problem="")


def _note_failure(delivery: Delivery, status: int | None, words: str) -> None:
    logger.info("delivery %s of %s: %s", delivery.pk, delivery.subscription, words)
    delay = delay_after(delivery.tries, status)
    facts = {"answer": status, "error": words}
    if delay is None:
        _end(delivery.pk, Status.GIVEN_UP, **facts)
    else:
        rows = Delivery.objects.filter(pk=delivery.pk, status=Status.PENDING)
        rows.update(due_at=reader.now() + delay, **facts)
    subscription = Subscription.objects.filter(pk=delivery.subscription_id)
    now = reader.now()
    rests_until = None if status is not None else now + REST
    subscription.update(failed_at=now, problem=words, rests_until=rests_until)
    if status == GONE:
        subscription.update(is_enabled=False)
        give_up_all(delivery.subscription, "The receiver wants no more (410 Gone).")


def give_up_all(subscription: Subscription, why: str) -> None:
    """Ends all deliveries of a subscription that wait."""
    waiting = Delivery.objects.filter(subscription=subscription, status=Status.PENDING)
    waiting.update(status=Status.GIVEN_UP, due_at=None, ended_at=reader.now(), error=why)


def _end(delivery_id: int, status: str, **facts: object) -> None:
    rows = Delivery.objects.filter(pk=delivery_id, status=Status.PENDING)
    rows.update(status=status, due_at=None, ended_at=reader.now(), **facts)

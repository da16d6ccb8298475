"""Makes deliveries of what happens: none twice, and none left out, however many schedulers there are.

Ends of runs come from the counters, which claim each end once: `note_ends` runs in their transaction. All
else is found by `look`, a part of the sweep: it reads the rows that changed since the last look, and again
those of the time before it, as a transaction may become visible later than its own time says. What is found
twice has the same key, and the database keeps one delivery of a key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from redis import RedisError

from designer.errors import ExpressionError
from designer.expressions.expressions import condition
from designer.services.folder_rights import closed_names
from runs.delivery import queue, worker_processes
from runs.models import Delivery, Subscription
from runs.models.subscriptions import WORDS_LENGTH_MAX
from runs.store import reader
from runs.store.interventions import cause_key
from runs.subscriptions import conditions, sources
from runs.subscriptions.events import FLEET, Event, Json, payload_of
from runs.subscriptions.sources import LOOKS, counts_of, failures, has_failures, milliseconds

OVERLAP = timedelta(seconds=60)  # more than a transaction may take
NOTED_EVERY = timedelta(seconds=30)  # so often a subscription's row is written while nothing happens
FLEET_EVERY = timedelta(seconds=15)
KEPT = timedelta(days=30)
KEPT_MAX = 1_000  # ended deliveries of a subscription
PENDING_MAX = 10_000  # of a subscription
DELETED_MAX = 500  # at a time
KEYS_PER_QUERY = 500
YOUNG = timedelta(minutes=10)  # what was told so lately may be found again, so its key stays
RUNS_NAMED_MAX = 10
RUN_ENDS = frozenset({"run.completed", "run.failed", "run.compensated", "run.cancelled"})


def enabled() -> QuerySet[Subscription]:
    return Subscription.objects.filter(is_enabled=True).select_related("workflow").order_by("pk")


def note_ends(ends: Iterable[tuple[UUID, str, int, datetime]]) -> None:
    """Tells of ends of runs, each a run, type, number of its entry, and time; in the caller's transaction."""
    subscriptions = [row for row in enabled() if not RUN_ENDS.isdisjoint(row.types)]
    if subscriptions:
        at, found = reader.now(), sources.ends_of(ends)
        for subscription in subscriptions:
            tell(subscription, [event for event in found if event.at >= subscription.since], at)


def look(at: datetime) -> int:
    """One bounded look at what has changed. Returns how many deliveries it made."""
    subscriptions = list(enabled())
    if not subscriptions:
        return 0
    told, until = dict.fromkeys([row.pk for row in subscriptions], 0), at
    for kind, find in LOOKS.items():
        wanting = [row for row in subscriptions if kind in row.types]
        if wanting:
            since = min(map(_since, wanting))
            found, read_until = find(since, at)
            if read_until is not None:  # there is more, which the next look reads
                until = min(until, max(read_until, since + timedelta(milliseconds=1)) + OVERLAP)
            for row in wanting:
                told[row.pk] += tell(row, [event for event in found if event.at >= _since(row)], at)
    fleet = Fleet()
    for row in subscriptions:
        told[row.pk] += _look_at_conditions(row, fleet, at)
        if until - row.looked_until >= NOTED_EVERY:
            Subscription.objects.filter(pk=row.pk, looked_until=row.looked_until).update(looked_until=until)
            tend(row, at)
    return sum(told.values())


def _since(subscription: Subscription) -> datetime:
    return max(subscription.looked_until - OVERLAP, subscription.since)


def tell(subscription: Subscription, events: Iterable[Event], at: datetime) -> int:
    """Makes a delivery of each event that a subscription is for and was not told of. Returns how many.

    Workflows of folders that not everybody may see are told of to subscriptions that name them alone.
    """
    workflow = subscription.workflow.name if subscription.workflow else None
    events = [*events]
    closed = closed_names({event.workflow for event in events if event.workflow}) if workflow is None else ()
    wanted = {
        event.key: event
        for event in events
        if event.type in subscription.types
        and workflow in (None, event.workflow)
        and event.workflow not in closed
    }
    for key in _told(subscription, list(wanted)):
        del wanted[key]
    deliveries = [
        Delivery(
            subscription=subscription,
            key=event.key,
            type=event.type,
            payload=payload,
            due_at=event.not_before or at,
            created_at=at,
        )
        for event in wanted.values()
        if fits(subscription, payload := payload_of(event))
    ]
    return len(Delivery.objects.bulk_create(deliveries, ignore_conflicts=True))


def _told(subscription: Subscription, keys: list[str]) -> set[str]:
    rows = Delivery.objects.filter(subscription=subscription)
    parts = (keys[start : start + KEYS_PER_QUERY] for start in range(0, len(keys), KEYS_PER_QUERY))
    return {key for part in parts for key in rows.filter(key__in=part).values_list("key", flat=True)}


def fits(subscription: Subscription, payload: Json) -> bool:
    """Whether the condition holds. One that fails does: better told once too often than never."""
    if not subscription.when:
        return True
    try:
        return condition(subscription.when, {"event": payload})
    except ExpressionError as error:
        words = f"The condition failed, so it was told: {error}"[:WORDS_LENGTH_MAX]
        Subscription.objects.filter(pk=subscription.pk).update(problem=words)
        return True


# --- conditions that last ---


@dataclass
class Fleet:
    """What queues and processes are like, read once in a look if it is needed."""

    @cached_property
    def next_jobs(self) -> Mapping[str, str | None] | None:
        """None while Redis is away."""
        try:
            return queue.next_jobs()
        except RedisError:
            return None

    @cached_property
    def online(self) -> int:
        return worker_processes.lately_seen().count()


def _look_at_conditions(subscription: Subscription, fleet: Fleet, at: datetime) -> int:
    """Tells of conditions that have begun. State and deliveries are written together, under a lock."""
    if _following(subscription, fleet, at)[0] == subscription.standing:
        return 0
    with transaction.atomic():
        locked = Subscription.objects.select_for_update().filter(pk=subscription.pk, is_enabled=True).first()
        if locked is None:
            return 0
        standing, events = _following(locked, fleet, at)
        Subscription.objects.filter(pk=locked.pk).update(standing=standing)
        return tell(locked, events, at)


def _following(subscription: Subscription, fleet: Fleet, at: datetime) -> tuple[Json, list[Event]]:
    """The state of a subscription's conditions that follows, and the events to be told."""
    standing, types = dict(subscription.standing), set(subscription.types)
    events: list[Event] = []
    if "failures.repeated" in types:
        standing["failures"], events = _failures(subscription, at)
    looked_at = standing.get("at")
    is_time = looked_at is None or at - datetime.fromisoformat(looked_at) >= FLEET_EVERY
    if types & FLEET and is_time:
        standing["at"] = at.isoformat()
        if "queue.stalled" in types and fleet.next_jobs is not None:
            standing["queues"], stalled = conditions.stalled(standing.get("queues", {}), fleet.next_jobs, at)
            events += [_stalled(name, at) for name in stalled]
        if "workers.none" in types:
            standing["workers"], is_due = conditions.none_online(
                standing.get("workers", {}), fleet.online, at
            )
            events += [_fleet_event("workers.none", "", at, {})] if is_due else []
    return standing, events


def _failures(subscription: Subscription, at: datetime) -> tuple[Json, list[Event]]:
    state = subscription.standing.get("failures", {})
    if not state and not has_failures(_since(subscription)):
        return state, []
    minutes, workflow = subscription.failures_minutes, subscription.workflow
    since = max(at - timedelta(minutes=minutes), subscription.since)
    causes = failures(since, workflow.name if workflow else None)
    following, told = conditions.repeated(state, counts_of(causes), subscription.failures_n)
    return following, [_repeated(subscription, cause, causes[cause], at) for cause in told]


def _repeated(subscription: Subscription, cause: str, runs: set[UUID], at: datetime) -> Event:
    workflow = subscription.workflow.name if subscription.workflow else None
    data = {
        "workflow": workflow,
        "cause": cause,
        "count": len(runs),
        "minutes": subscription.failures_minutes,
        "runs": sorted(map(str, runs))[:RUNS_NAMED_MAX],
        "url": settings.SITE_URL + reverse("run-list"),
    }
    key = f"failures.repeated:{milliseconds(at)}:{cause_key('run', cause)}"
    return Event("failures.repeated", key, at, data, workflow)


def _stalled(name: str, at: datetime) -> Event:
    return _fleet_event("queue.stalled", name, at, {"queue": name, "waiting": queue.queue_lengths()[name]})


def _fleet_event(kind: str, name: str, at: datetime, data: Json) -> Event:
    url = settings.SITE_URL + reverse("fleet")
    return Event(kind, f"{kind}:{name}:{milliseconds(at)}", at, {**data, "url": url})


# --- removing ---


def tend(subscription: Subscription, at: datetime) -> None:
    """Gives the oldest up where too many wait, and removes deliveries that have ended, by age and number."""
    rows = Delivery.objects.filter(subscription=subscription)
    waiting = rows.filter(status=Delivery.Status.PENDING)
    given_up: dict[str, Any] = {
        "status": Delivery.Status.GIVEN_UP,
        "due_at": None,
        "ended_at": at,
        "error": f"More than {PENDING_MAX:,} deliveries waited.",
    }
    surplus = list(
        waiting.order_by("-pk").values_list("pk", flat=True)[PENDING_MAX : PENDING_MAX + DELETED_MAX]
    )
    if surplus:
        waiting.filter(pk__in=surplus).update(**given_up)
    ended = rows.exclude(status=Delivery.Status.PENDING).filter(created_at__lt=at - YOUNG)
    old = list(ended.filter(created_at__lt=at - KEPT).values_list("pk", flat=True)[:DELETED_MAX])
    many = list(ended.order_by("-pk").values_list("pk", flat=True)[KEPT_MAX : KEPT_MAX + DELETED_MAX])
    if old or many:
        Delivery.objects.filter(pk__in={*old, *many}).delete()

"""Events that came: which waiting steps get one, and which kept ones a waiting step gets. No rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from designer.expressions.matching import KEY_LENGTH, key_of, keys_in, value_at
from designer.models import AwaitedEvent
from runs.models import EventWait, KeptEvent, KeptEventKey
from runs.store import reader

KEPT_MAX = 100_000  # events; the oldest go first
REMOVED_AT_ONCE = 200
LOOKED_AT_MAX = 1_000  # kept events that a step which begins to wait is compared with
PATHS_MAX = 1_000  # places in events of one type at which conditions look
GRACE_S = 5.0  # after it the sweep goes on with an event that was not handed on


def is_awaited(event_type: str) -> bool:
    """Whether a version waits for events of this type, or a step of any run does."""
    awaited = AwaitedEvent.objects.filter(event_type=event_type)
    return awaited.exists() or EventWait.objects.filter(event_type=event_type).exists()


def find(event: Mapping[str, Any]) -> KeptEvent | None:
    return KeptEvent.objects.filter(key=key_of_event(event)).first()


def keep(event: Mapping[str, Any]) -> KeptEvent:
    """Stores an event, to be handed on to steps that wait for it. Raises IntegrityError if it is there."""
    at = reader.now()
    keys, is_all = keys_in(event)
    with transaction.atomic():
        kept = KeptEvent.objects.create(
            key=key_of_event(event),
            digest=digest_of(event),
            event_type=event["type"],
            event=event,
            has_more=not is_all,
            received_at=at,
            due_at=at + timedelta(seconds=GRACE_S),
        )
        KeptEventKey.objects.bulk_create(KeptEventKey(event=kept, key=key) for key in sorted(keys))
    oldest = KeptEvent.objects.filter(pk__lte=kept.pk - KEPT_MAX, is_delivered=True).order_by("pk")
    KeptEvent.objects.filter(pk__in=list(oldest.values_list("pk", flat=True)[:REMOVED_AT_ONCE])).delete()
    return kept


def key_of_event(event: Mapping[str, Any]) -> str:
    """Returns what an event is known by: its source and id."""
    return sha256(orjson.dumps([event["source"], event["id"]])).hexdigest()[:KEY_LENGTH]


def digest_of(event: Mapping[str, Any]) -> str:
    content = [event["type"], event.get("data")]
    return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def next_waits(kept: KeptEvent, most: int) -> tuple[list[EventWait], bool]:
    """Returns the next waiting steps that an event may fit, and whether they are the last; moves `kept` on.

    Of steps that wait for a value at some place, only those with the event's value there.
    """
    rows: list[EventWait] = []
    for _ in range(PATHS_MAX):
        rows += _at_path(kept, most - len(rows))
        if len(rows) >= most:
            kept.at_row = rows[-1].pk
            return rows, False
        later = EventWait.objects.filter(event_type=kept.event_type, path__gt=kept.at_path)
        following = later.order_by("path").values_list("path", flat=True).first()
        if following is None:
            break
        kept.at_path, kept.at_row = following, 0
    return rows, True


def _at_path(kept: KeptEvent, most: int) -> list[EventWait]:
    key = key_of(kept.at_path, value_at(kept.event, kept.at_path)) if kept.at_path else ""
    if key is None:
        return []
    rows = EventWait.objects.filter(event_type=kept.event_type, path=kept.at_path, key=key)
    return list(rows.filter(pk__gt=kept.at_row).order_by("pk")[:most])


def moved(kept: KeptEvent, at: datetime, *, is_delivered: bool) -> None:
    """Stores how far an event was handed on; when that is done, it stays for steps that wait later."""
    kept.is_delivered = is_delivered
    if is_delivered:
        kept.due_at = kept.received_at + timedelta(hours=settings.EVENTS_KEPT_HOURS)
    else:
        kept.due_at = at
    kept.save(update_fields=["at_path", "at_row", "is_delivered", "due_at"])


def came_before(wait: EventWait) -> list[KeptEvent]:
    """Returns kept events that may fit what a step waits for, the oldest first."""
    kept = KeptEvent.objects.filter(event_type=wait.event_type).order_by("pk")
    if not wait.key:
        return list(kept[:LOOKED_AT_MAX])
    found = KeptEventKey.objects.filter(key=wait.key, event__event_type=wait.event_type)
    ids = list(found.order_by("event_id").values_list("event_id", flat=True)[:LOOKED_AT_MAX])
    return list(kept.filter(Q(pk__in=ids) | Q(has_more=True))[:LOOKED_AT_MAX])


def looked_through(wait: EventWait) -> None:
    EventWait.objects.filter(pk=wait.pk).update(due_at=None)


def remove_old(at: datetime) -> int:
    """Removes events that were kept long enough. Returns how many."""
    old = KeptEvent.objects.filter(due_at__lte=at, is_delivered=True)
    ids = list(old.order_by("due_at").values_list("pk", flat=True)[:REMOVED_AT_ONCE])
    KeptEvent.objects.filter(pk__in=ids).delete()
    return len(ids)

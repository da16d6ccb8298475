"""Named limits: reads and changes them. A change takes effect at once, also for steps that wait already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.db import transaction

from designer.models import LIMIT_PER_S, Limit
from runs.engine import slots
from runs.errors import LimitRefused, UnknownLimit
from runs.models import Slot, SlotUse
from runs.store import reader
from workers.sdk.limits import LIMIT_NAME, SECONDS_MAX

NUMBER_MAX = 1_000_000
LIMITS_MAX = 500
COUNTED_MAX = 10_000  # steps that wait for one limit


@dataclass(frozen=True, slots=True)
class Standing:
    """A limit now. `used`: calls within the time of its rate; `waiting`: steps, up to COUNTED_MAX."""

    limit: Limit
    held: int
    waiting: int
    used: int


def standings(names: Iterable[str] | None = None) -> list[Standing]:
    """The limits by name, with those that are only referred to by steps that wait or are at work."""
    rows = Limit.objects.select_related("changed_by")
    found = rows if names is None else rows.filter(name__in=names)
    return [_standing(limit) for limit in found[:LIMITS_MAX]]


def find(name: str) -> Standing:
    """Raises UnknownLimit."""
    found = standings([name])
    if not found:
        raise UnknownLimit(name)
    return found[0]


def _standing(limit: Limit) -> Standing:
    of_limit = Slot.objects.filter(limit_name=limit.name)
    since = reader.now() - timedelta(seconds=limit.per)
    used = 0 if limit.rate is None else SlotUse.objects.filter(limit_name=limit.name, at__gt=since).count()
    waiting = of_limit.filter(held=False).order_by()[:COUNTED_MAX].count()
    return Standing(limit, of_limit.filter(held=True).count(), waiting, used)


def change(
    name: str, at_once: int | None, rate: int | None, per: float = LIMIT_PER_S, user: Any = None
) -> Limit:
    """States a limit, or other numbers for it; without any number it limits nothing. Raises LimitRefused."""
    _check(name, at_once, rate, per)
    with transaction.atomic():
        if not Limit.objects.filter(name=name).exists() and Limit.objects.count() >= LIMITS_MAX:
            raise LimitRefused(f"There are {LIMITS_MAX} limits already.")
        limit, _ = Limit.objects.select_for_update().get_or_create(name=name)
        was_stated = limit.is_stated
        limit.at_once, limit.rate, limit.per = at_once, rate, per
        limit.changed_by, limit.changed_by_name, limit.changed_at = user, None, reader.now()
        limit.save()
        _log(limit, user, CHANGE if was_stated else ADDITION)
    slots.offer([name], even_if_none_waits=True)
    return limit


def remove(name: str, user: Any = None) -> None:
    """Lets all go on that wait for a limit. Raises UnknownLimit."""
    limit = find(name).limit
    change(name, None, None, limit.per, user)


def _check(name: str, at_once: int | None, rate: int | None, per: float) -> None:
    if not LIMIT_NAME.fullmatch(name):
        raise LimitRefused("A limit's name has small letters, digits, '_', '.' and '-', a letter first.")
    for number, what in ((at_once, "at a time"), (rate, "in a time")):
        if number is not None and not 1 <= number <= NUMBER_MAX:
            raise LimitRefused(f"The calls {what} are a number from 1 to {NUMBER_MAX:,}, or left out.")
    if not 0 < per <= SECONDS_MAX:
        raise LimitRefused(f"The time of a rate is in seconds, above 0 and up to {SECONDS_MAX:,}.")


def words(limit: Limit) -> str:
    """A limit in words: `10 at a time, 100 in 60 s`."""
    parts = [f"{limit.at_once:,} at a time"] if limit.at_once is not None else []
    parts += [f"{limit.rate:,} in {limit.per:g} s"] if limit.rate is not None else []
    return ", ".join(parts) or "no limit"


def _log(limit: Limit, user: Any, flag: int) -> None:
    if getattr(user, "pk", None):
        rows = Limit.objects.filter(pk=limit.pk)
        LogEntry.objects.log_actions(user.pk, rows, flag, f"{limit.name}: {words(limit)}", single_object=True)

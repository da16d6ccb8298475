"""Times in expressions, as the specification of CEL has them. PURE.

A timestamp is a moment, and its parts are those in UTC; the library keeps the offset that was written. Each
part may be asked for in a zone: `getHours("Europe/Vienna")`, `getHours("+02:00")`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from config.lib.caches import memoized
from designer.errors import ExpressionError
from designer.problems import truncate

ZONES_KNOWN_MAX = 700
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_OFFSET = re.compile(r"([+-]?)(\d\d):(\d\d)", re.ASCII)


def timestamp(value: Any) -> datetime:
    """A moment in UTC, from RFC 3339, from whole seconds since 1970, or from a moment."""
    try:
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str) and _MOMENT.fullmatch(value):
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise ExpressionError(f"{truncate(value)} is no time with a zone, as 2026-01-31T09:00:00Z")


@memoized(maxsize=ZONES_KNOWN_MAX)
def zone_of(name: str) -> tzinfo:
    """A zone by its name in the IANA database, or a fixed offset. Raises ExpressionError."""
    offset = _OFFSET.fullmatch(name)
    try:
        if offset:
            minutes = 60 * int(offset[2]) + int(offset[3])
            return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise ExpressionError(f"{truncate(name)} is no zone, as Europe/Vienna or +02:00") from None


PARTS: Mapping[str, Callable[[datetime], int]] = {
    "getFullYear": lambda at: at.year,
    "getMonth": lambda at: at.month - 1,
    "getDayOfYear": lambda at: at.timetuple().tm_yday - 1,
    "getDayOfMonth": lambda at: at.day - 1,
    "getDate": lambda at: at.day,
    "getDayOfWeek": lambda at: at.isoweekday() % 7,
    "getHours": lambda at: at.hour,
    "getMinutes": lambda at: at.minute,
    "getSeconds": lambda at: at.second,
    "getMilliseconds": lambda at: at.microsecond // 1000,
}


def part_in_zone(part: str) -> Callable[..., int]:
    def read(value: Any = None, zone: Any = None, *more: Any) -> int:
        if not isinstance(value, datetime) or not isinstance(zone, str) or more:
            raise ExpressionError(f"'{part}' is asked of a timestamp, and may be given the name of a zone")
        try:
            return PARTS[part](value.astimezone(zone_of(zone)))
        except OverflowError:
            raise ExpressionError(f"{value.isoformat()} lies outside the calendar in {zone}") from None

    return read

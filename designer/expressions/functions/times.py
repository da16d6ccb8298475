"""Times in expressions, as the specification of CEL has them. PURE.

A timestamp is a moment, and its parts are those in UTC; the library keeps the offset that was written. Each
part may be asked for in a zone: `getHours("Europe/Vienna")`, `getHours("+02:00")`. A text is taken as the
time that it says, since JSON has no times. Days, months and years are those of a zone too, of UTC where none
is named; hours, minutes and seconds are the same everywhere.

`now()` gives the time that whoever evaluates has put into the scope under `NOW`.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from config.lib.caches import memoized
from designer.errors import ExpressionError
from designer.problems import truncate

NOW = "now"
UTC_NAME = "UTC"
PATTERN_LENGTH_MAX = 200
AMOUNT_MAX = 10_000_000_000_000
Time = datetime | Callable[[], datetime] | None
"""A time, or a clock that is asked for it only if it is needed; None where it is not known."""
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


UNITS_OF_DURATIONS: Mapping[str, timedelta] = {
    "getHours": timedelta(hours=1),
    "getMinutes": timedelta(minutes=1),
    "getSeconds": timedelta(seconds=1),
    "getMilliseconds": timedelta(milliseconds=1),
}


def part(name: str) -> Callable[..., int]:
    """The function that gives a part of a time, which may be its text; of a duration, its whole length so."""

    def read(value: Any, zone: Any = UTC_NAME) -> int:
        unit = UNITS_OF_DURATIONS.get(name)
        if isinstance(value, timedelta) and unit is not None:
            return abs(value) // unit * (-1 if value < timedelta() else 1)
        if not isinstance(value, datetime | str) or not isinstance(zone, str):
            raise ExpressionError(f"'{name}' is asked of a timestamp, and may be given the name of a zone")
        try:
            at = timestamp(value)
        except ExpressionError as error:
            raise ExpressionError(f"'{name}' is asked of a timestamp: {error}") from None
        try:
            return PARTS[name](at.astimezone(zone_of(zone)))
        except OverflowError:
            raise ExpressionError(f"{at.isoformat()} lies outside the calendar in {zone}") from None

    return read


def now(time: Time) -> datetime:
    """The time of the decision that evaluates. Raises ExpressionError where nobody has said it."""
    at = time() if callable(time) else time
    if at is None:
        raise ExpressionError("the time is not known here")
    return at.astimezone(UTC)


_SECONDS: Mapping[str, int] = {"seconds": 1, "minutes": 60, "hours": 3_600}
_MONTHS: Mapping[str, int] = {"months": 1, "years": 12}
_DAYS: Mapping[str, int] = {"days": 1, "weeks": 7}
UNITS = (*_SECONDS, *_DAYS, *_MONTHS)


def unit_of(text: str) -> str:
    unit = text if text.endswith("s") else f"{text}s"
    if unit not in UNITS:
        raise ExpressionError(f"{truncate(text)} is no unit of time; there are {', '.join(UNITS)}")
    return unit


def date_add(at: datetime, amount: int | float, unit: str, zone: str = UTC_NAME) -> datetime:
    """The time so much later, or earlier. A day that a month does not have becomes its last."""
    unit, tz = unit_of(unit), zone_of(zone)
    if not abs(amount) <= AMOUNT_MAX:
        raise ExpressionError(f"{amount} {unit} lead outside the calendar")
    try:
        if unit in _SECONDS:
            return at + timedelta(seconds=amount * _SECONDS[unit])
        if int(amount) != amount:
            raise ExpressionError(f"'date_add' adds whole {unit}, not {amount}; add hours instead")
        local = at.astimezone(tz)
        if unit in _DAYS:
            return (local + timedelta(days=int(amount) * _DAYS[unit])).astimezone(UTC)
        months = local.year * 12 + local.month - 1 + int(amount) * _MONTHS[unit]
        year, month = months // 12, months % 12 + 1
        day = min(local.day, monthrange(year, month)[1])
        return local.replace(year=year, month=month, day=day).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ExpressionError(
            f"{amount} {unit} from {at.isoformat()} lies outside the calendar, years 1 to 9999"
        ) from None


def date_diff(start: datetime, end: datetime, unit: str, zone: str = UTC_NAME) -> int:
    """How many whole units lie between two times; negative where the second comes first."""
    unit, tz = unit_of(unit), zone_of(zone)
    sign = 1 if end >= start else -1
    if unit in _SECONDS:
        return sign * (abs(end - start) // timedelta(seconds=_SECONDS[unit]))
    try:
        first, last = start.astimezone(tz), end.astimezone(tz)
    except OverflowError:
        raise ExpressionError(f"the time lies outside the calendar in {zone}") from None
    if unit in _DAYS:
        count, base = abs((last.date() - first.date()).days), "days"
    else:
        count, base = abs((last.year - first.year) * 12 + last.month - first.month), "months"
    while count and not _is_within(start, sign * count, base, zone, end):
        count -= 1  # at most twice: the estimate is that of the calendar's days
    return sign * (count // {**_DAYS, **_MONTHS}[unit])


def _is_within(start: datetime, amount: int, unit: str, zone: str, end: datetime) -> bool:
    try:
        moved = date_add(start, amount, unit, zone)
    except ExpressionError:
        return False
    return moved <= end if amount > 0 else moved >= end


DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
PLACEHOLDERS: Mapping[str, Callable[[datetime], str]] = {
    "Y": lambda at: f"{at.year:04}",
    "y": lambda at: f"{at.year % 100:02}",
    "m": lambda at: f"{at.month:02}",
    "d": lambda at: f"{at.day:02}",
    "H": lambda at: f"{at.hour:02}",
    "I": lambda at: f"{(at.hour + 11) % 12 + 1:02}",
    "p": lambda at: "AM" if at.hour < 12 else "PM",
    "M": lambda at: f"{at.minute:02}",
    "S": lambda at: f"{at.second:02}",
    "f": lambda at: f"{at.microsecond:06}",
    "j": lambda at: f"{at.timetuple().tm_yday:03}",
    "V": lambda at: f"{at.isocalendar().week:02}",
    "A": lambda at: DAYS[at.weekday()],
    "a": lambda at: DAYS[at.weekday()][:3],
    "B": lambda at: MONTHS[at.month - 1],
    "b": lambda at: MONTHS[at.month - 1][:3],
    "z": lambda at: at.isoformat()[-6:],
    "%": lambda at: "%",
}
_PLACEHOLDER = re.compile("%(.?)", re.DOTALL)


def check_pattern(pattern: str) -> None:
    if len(pattern) > PATTERN_LENGTH_MAX:
        raise ExpressionError(f"the pattern of a time may have {PATTERN_LENGTH_MAX} characters")
    unknown = [sign for sign in _PLACEHOLDER.findall(pattern) if sign not in PLACEHOLDERS]
    if unknown:
        known = " ".join(f"%{sign}" for sign in PLACEHOLDERS)
        raise ExpressionError(f"'%{unknown[0]}' means nothing in 'format_time'; there are {known}")


def format_time(at: datetime, pattern: str, zone: str = UTC_NAME) -> str:
    """The time in words and digits, by placeholders as `%Y`."""
    check_pattern(pattern)
    try:
        local = at.astimezone(zone_of(zone))
    except OverflowError:
        raise ExpressionError(f"the time lies outside the calendar in {zone}") from None
    return _PLACEHOLDER.sub(lambda match: PLACEHOLDERS[match[1]](local), pattern)

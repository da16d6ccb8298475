"""Reads dates in the shapes in which people write them. PURE but for today's year."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

TEXT_CHARS_MAX = 64
EPOCH_MS_MIN = 10**10  # below it, a number of seconds
YEAR_MIN, YEAR_MAX = 1800, 2200

FULL_YEAR = (
    "%b %d %Y", "%B %d %Y", "%d %b %Y", "%d %B %Y", "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d",
    "%m/%d/%Y", "%d.%m.%Y", "%d-%b-%Y", "%d-%B-%Y", "%d-%m-%Y", "%Y-%b-%d", "%Y %b %d",
)  # fmt: skip
SHORT_YEAR = ("%d-%b-%y", "%d %b %y", "%b %d %y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y")
NO_DAY = ("%b %Y", "%B %Y", "%Y-%m", "%m/%Y", "%Y/%m", "%Y")
ORDINAL = re.compile(r"(?<=\d)(st|nd|rd|th)\b", re.IGNORECASE)
WEEKDAY = re.compile(r"^(mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?|sun)(day)?\.?\s+", re.IGNORECASE)


def iso_date(value: object) -> str | None:
    """The date as `2026-11-22`, or as a full moment where the value has a time of day; None if unreadable.

    A month without a day is its first day, a year its first day. A year of two digits lies in the
    last hundred years. Numbers are years, or seconds or milliseconds since 1970. `05/06/2020` is
    read the American way, month first, unless only the other way makes a date.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return from_number(value)
    if not isinstance(value, str) or len(value) > TEXT_CHARS_MAX:
        return None
    text = plain_text(value)
    return from_moment(text) or from_shapes(text)


def plain_text(value: str) -> str:
    """`Sept. 3rd,  1998` as `Sep 3 1998`."""
    text = WEEKDAY.sub("", " ".join(value.replace(",", " ").split()))
    text = ORDINAL.sub("", text)
    return re.sub(r"\b([A-Za-z]{3,9})\.", r"\1", re.sub(r"\bsept\b", "Sep", text, flags=re.IGNORECASE))


def from_moment(text: str) -> str | None:
    """ISO 8601 with a time of day; a moment without a zone is left without one."""
    if not re.match(r"\d{4}-\d{2}-\d{2}[T ]\d", text):
        return None
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        return None


def from_shapes(text: str) -> str | None:
    for shape in (*FULL_YEAR, "%d/%m/%Y", *NO_DAY):
        found = parsed(text, shape)
        if found and YEAR_MIN <= found.year <= YEAR_MAX:
            return found.isoformat()
    for shape in (*SHORT_YEAR, "%d/%m/%y"):
        found = parsed(text, shape)
        if found:
            return in_last_century(found)
    return None


def parsed(text: str, shape: str) -> date | None:
    try:
        return datetime.strptime(text, shape).date()
    except ValueError:
        return None


def in_last_century(found: date) -> str | None:
    year = found.year - 100 if is_ahead(found.isoformat()) else found.year
    try:
        return found.replace(year=year).isoformat()
    except ValueError:
        return None


def is_ahead(iso: str | None) -> bool:
    """Whether the year of an ISO date is still to come."""
    return iso is not None and int(iso[:4]) > datetime.now(UTC).year


def from_number(value: int | float) -> str | None:
    if YEAR_MIN <= value <= YEAR_MAX and value == int(value):
        return date(int(value), 1, 1).isoformat()
    seconds = value / 1000 if abs(value) >= EPOCH_MS_MIN else value
    try:
        found = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found.isoformat() if YEAR_MIN <= found.year <= YEAR_MAX else None

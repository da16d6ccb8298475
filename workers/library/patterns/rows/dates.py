"""Reads dates in the formats that people write. PURE, but for the current year."""

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
    """Returns the date as `2026-11-22`, or with its time of day if the value has one; None if unreadable.

    A month without a day is its first day, a year its first day. A year of two digits lies in the
    last hundred years. Numbers are years, or seconds or milliseconds since 1970. `05/06/2020` is
    read in the American order, month first, unless only the other order is a date.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return from_number(value)
    if not isinstance(value, str) or len(value) > TEXT_CHARS_MAX:
        return None
    text = plain_text(value)
    return from_iso(text) or from_formats(text)


def plain_text(value: str) -> str:
    """Rewrites `Sept. 3rd,  1998` as `Sep 3 1998`."""
    text = WEEKDAY.sub("", " ".join(value.replace(",", " ").split()))
    text = ORDINAL.sub("", text)
    return re.sub(r"\b([A-Za-z]{3,9})\.", r"\1", re.sub(r"\bsept\b", "Sep", text, flags=re.IGNORECASE))


def from_iso(text: str) -> str | None:
    """Reads ISO 8601 with a time of day. A time without a zone stays without one."""
    if not re.match(r"\d{4}-\d{2}-\d{2}[T ]\d", text):
        return None
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        return None


def from_formats(text: str) -> str | None:
    for format_ in (*FULL_YEAR, "%d/%m/%Y", *NO_DAY):
        day = parsed(text, format_)
        if day and YEAR_MIN <= day.year <= YEAR_MAX:
            return day.isoformat()
    for format_ in (*SHORT_YEAR, "%d/%m/%y"):
        day = parsed(text, format_)
        if day is None:
            continue
        year = day.year - 100 if is_ahead(day.isoformat()) else day.year
        try:
            return day.replace(year=year).isoformat()
        except ValueError:  # 29 February, a hundred years earlier
            return None
    return None


def parsed(text: str, format_: str) -> date | None:
    try:
        return datetime.strptime(text, format_).date()
    except ValueError:
        return None


def is_ahead(iso: str | None) -> bool:
    """Whether the year of an ISO date is in the future."""
    return iso is not None and int(iso[:4]) > datetime.now(UTC).year


def from_number(value: int | float) -> str | None:
    if YEAR_MIN <= value <= YEAR_MAX and value == int(value):
        return date(int(value), 1, 1).isoformat()
    seconds = value / 1000 if abs(value) >= EPOCH_MS_MIN else value
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.isoformat() if YEAR_MIN <= moment.year <= YEAR_MAX else None

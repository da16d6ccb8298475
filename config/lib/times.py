"""Times that come from outside, as text or as `datetime`, and the host's own.

A time with an offset may lie outside the calendar of `datetime` (years 1 to 9999) once it is in UTC.
Databases and comparisons raise OverflowError then, so each such time is converted here first.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_ahead = timedelta()


def host_time() -> datetime:
    """The host's time, and what a rehearsal has skipped of it."""
    return datetime.now(UTC) + _ahead


def skip_time(span: timedelta) -> None:
    """Sets `host_time` of this process ahead, so that a rehearsal need not wait."""
    global _ahead
    _ahead += max(timedelta(), span)


def in_utc(at: datetime) -> datetime:
    """The time in UTC. Raises ValueError for one without a zone or outside the years 1 to 9999."""
    if at.tzinfo is None:
        raise ValueError("a time needs its zone; add Z or an offset")
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("in UTC the time lies outside the years 1 to 9999") from error


def is_in_calendar(at: datetime) -> bool:
    """Whether a time with a zone can be said in UTC."""
    try:
        in_utc(at)
    except ValueError:
        return False
    return True

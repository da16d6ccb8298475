"""The time as workers write it down."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC)


def now_text() -> str:
    """This moment in UTC, ISO 8601."""
    return now().isoformat()

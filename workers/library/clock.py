"""The time as workers write it down."""

from __future__ import annotations

from datetime import UTC, datetime


def now_text() -> str:
    """This moment in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat()

"""The failures of calls of HTTP APIs: which are tried again, and which leave an unknown outcome."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from workers import CriticalFailure, TemporaryFailure, UnknownOutcome
from workers.connections.http import CallFailed, Reply

TEMPORARY = frozenset({408, 425, 429})
SERVER_ERROR = 500
PERMANENT = frozenset({"bad_request", "private_network", "redirect"})
RETRY_AFTER_S_MAX = 3_600.0


def of_call(
    failed: CallFailed, message: str, *, changes: bool
) -> CriticalFailure | TemporaryFailure | UnknownOutcome:
    """The failure of a call that got no answer. `changes`: whether the request changes something there."""
    if failed.code in PERMANENT:
        return CriticalFailure(message, code=failed.code)
    if failed.was_sent and changes:
        return UnknownOutcome(f"{message}; it may have taken effect", code=failed.code)
    return (CriticalFailure if failed.code == "too_large" else TemporaryFailure)(message, code=failed.code)


def of_reply(
    reply: Reply, message: str, temporary: frozenset[int] = TEMPORARY
) -> CriticalFailure | TemporaryFailure:
    """The failure of an answer that is not right, under its status; `temporary`: those to be asked again."""
    code, cause = names_of(reply.status)
    if reply.status in temporary or reply.status >= SERVER_ERROR:
        return TemporaryFailure(message, code=code, cause=cause, retry_after=_retry_after(reply))
    return CriticalFailure(message, code=code, cause=cause)


def names_of(status: int) -> tuple[str, str]:
    """The code of an answer, and its wider name: `http_402` and `http_4xx`."""
    return f"http_{status}", f"http_{status // 100}xx"


def _retry_after(reply: Reply) -> float | None:
    """Seconds until the server wants to be asked again (RFC 9110, 10.2.3), an hour at most."""
    value = reply.headers.get("retry-after", "").strip()
    if value.isdecimal():
        return min(float(value[:10]), RETRY_AFTER_S_MAX)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, (at - datetime.now(UTC)).total_seconds()), RETRY_AFTER_S_MAX)

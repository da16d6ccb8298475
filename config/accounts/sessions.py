"""Sessions of people: they end when idle and after `SESSION_HOURS`, and each person sees their own.

A session's expiry slides. It is written at most every `SEEN_EVERY_S`, when the cookie is renewed, too, with
a row that says when, from where and by which browser the session was last used. Django finds no session that
has expired, so that requests and sockets need no other check for idleness.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from config.accounts.models import OpenSession
from config.accounts.rate_limits import client_ip

logger = logging.getLogger(__name__)

SEEN_EVERY_S = 60
AGENT_LENGTH_MAX = 300
AGENT_SHOWN_MAX = 60
SIGNED_IN_AT, SEEN_AT, SEEN_AS = "signed_in_at", "seen_at", "seen_as"  # in the data of a session
# The first word that stands in a browser's own description wins: most browsers claim to be others, too.
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
    "curl": "curl",
}
SYSTEMS = {
    "Windows": "Windows",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Mac OS": "macOS",
    "Linux": "Linux",
}
clock = time.time


class SessionsMiddleware:
    """Ends sessions that are too old, and notes the use of others. Stands before what asks for the user."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session:
            _note_use(request)
        return self.get_response(request)


def _note_use(request: HttpRequest) -> None:
    session, now = request.session, int(clock())
    signed_in_at = session.get(SIGNED_IN_AT, now)
    left_s = signed_in_at + settings.SESSION_AGE_MAX_S - now
    if left_s <= 0 or now - session.get(SEEN_AT, now) >= settings.SESSION_COOKIE_AGE:
        session.flush()
        return
    is_new_key = session.get(SEEN_AS) != session.session_key  # after signing in and after a new password
    if not is_new_key and now - session[SEEN_AT] < SEEN_EVERY_S:
        return
    try:
        _note_row(request, signed_in_at, is_new_key)
    except DatabaseError as error:  # a page that only reads is shown by a database that takes no writes
        logger.warning("the use of a session is not noted: %s", error)
        return
    session.update({SIGNED_IN_AT: signed_in_at, SEEN_AT: now, SEEN_AS: session.session_key})
    session.set_expiry(min(settings.SESSION_COOKIE_AGE, left_s))


def _note_row(request: HttpRequest, signed_in_at: int, is_new_key: bool) -> None:
    session = request.session
    if is_new_key:
        Session.objects.filter(expire_date__lt=timezone.now()).delete()
        kept = live(OpenSession.objects.filter(user_id=session[SESSION_KEY]))
        OpenSession.objects.filter(user_id=session[SESSION_KEY]).exclude(pk__in=kept.values("pk")).delete()
    OpenSession.objects.update_or_create(
        session_key=session.session_key,
        defaults={
            "user_id": session[SESSION_KEY],
            "signed_in_at": datetime.fromtimestamp(signed_in_at, UTC),
            "seen_at": timezone.now(),
            "ip_address": client_ip(request),
            "user_agent": request.headers.get("User-Agent", "")[:AGENT_LENGTH_MAX],
        },
    )


def live(rows: QuerySet[OpenSession]) -> QuerySet[OpenSession]:
    """Those rows whose session still lets somebody in."""
    return rows.filter(session_key__in=Session.objects.filter(expire_date__gt=timezone.now()).values("pk"))


def end(rows: QuerySet[OpenSession]) -> int:
    """Ends these sessions, and with them the sockets they opened. Returns how many."""
    keys = list(rows.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()  # tells the sockets by its signal
    return OpenSession.objects.filter(session_key__in=keys).delete()[0]


def browser_of(agent: str) -> str:
    """A browser and its system by name, as far as its description tells them; else the description itself."""
    browser = next((name for word, name in BROWSERS.items() if word in agent), "")
    system = next((name for word, name in SYSTEMS.items() if word in agent), "")
    return " on ".join(filter(None, [browser, system])) or agent[:AGENT_SHOWN_MAX] or "unknown"


def listed(user: Any, session_key: str | None) -> list[dict[str, Any]]:
    """The live sessions of a person, the latest use first; `is_this` marks the one of `session_key`."""
    rows = live(OpenSession.objects.filter(user=user)).order_by("-seen_at", "-pk")
    stored = Session.objects.in_bulk([row.session_key for row in rows])
    outdated = {  # by a new password
        key
        for key, session in stored.items()
        if session.get_decoded().get(HASH_SESSION_KEY) != user.get_session_auth_hash()
    }
    return [
        {"row": row, "browser": browser_of(row.user_agent), "is_this": row.session_key == session_key}
        for row in rows
        if row.session_key not in outdated
    ]

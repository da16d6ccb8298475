"""Settings of the outbox, from those of the project: SAGABOARD_URL, SAGABOARD_TOKEN and SAGABOARD_OUTBOX."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

DEFAULTS = {"TIMEOUT_S": 30, "GIVE_UP_AFTER_HOURS": 72, "KEEP_DAYS": 30}


def address() -> tuple[str, str]:
    """The board's address and a token of its API. Raises ImproperlyConfigured."""
    url, token = (str(getattr(settings, name, "") or "") for name in ("SAGABOARD_URL", "SAGABOARD_TOKEN"))
    if not url.startswith(("http://", "https://")):
        raise ImproperlyConfigured("SAGABOARD_URL is the board's address, such as https://board.example.org")
    if not token:
        raise ImproperlyConfigured(
            "SAGABOARD_TOKEN is a token of the board's API, made by `create_token NAME --role operator`"
        )
    return url.rstrip("/"), token


def timeout_s() -> float:
    return _number("TIMEOUT_S")


def give_up_after() -> timedelta:
    return timedelta(hours=_number("GIVE_UP_AFTER_HOURS"))


def kept() -> timedelta:
    return timedelta(days=_number("KEEP_DAYS"))


def _number(name: str) -> float:
    stated: dict[str, Any] = getattr(settings, "SAGABOARD_OUTBOX", {})
    unknown = sorted(set(stated) - set(DEFAULTS))
    value = stated.get(name, DEFAULTS[name])
    if unknown:
        raise ImproperlyConfigured(f"SAGABOARD_OUTBOX has no {unknown[0]!r}; it takes {', '.join(DEFAULTS)}")
    if not isinstance(value, int | float) or isinstance(value, bool) or not value > 0:
        raise ImproperlyConfigured(f"SAGABOARD_OUTBOX[{name!r}] is a number above 0, not {value!r}")
    return float(value)

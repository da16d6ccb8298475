"""Where a request comes from."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """The client's address; behind the proxy that HTTPS stands for, what that proxy says of it."""
    if settings.HTTPS:
        told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if told:
            return told[:45]
    return str(request.META.get("REMOTE_ADDR") or "unknown")

"""Where a request comes from."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest) -> str | None:
    """The client's IP address; behind the proxy that HTTPS stands for, what that proxy says of it.

    None where nobody says one, as behind a unix socket, or where what is said is no address.
    """
    told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() if settings.HTTPS else ""
    try:
        return str(ipaddress.ip_address(told or request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None

"""Mail servers of connections, as Django's SMTP backend."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.core.mail.backends.smtp import EmailBackend

from config.lib.env import MAIL_SCHEMES
from workers.connections.opening import Opened


def mail_backend(opened: Opened, timeout: float | None = None) -> EmailBackend:
    """`timeout`: seconds for each answer; None: that of the settings."""
    address = urlsplit(opened.address)
    return EmailBackend(
        host=address.hostname,
        port=address.port or MAIL_SCHEMES[address.scheme],
        username=opened.username,
        password=opened.secret,
        use_tls=address.scheme == "smtp+tls",
        use_ssl=address.scheme == "smtps",
        timeout=timeout,
    )

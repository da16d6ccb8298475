"""The keys that values are sealed with."""

from __future__ import annotations

from django.conf import settings


def sealing_keys() -> tuple[str, ...]:
    """Those that open sealed values; the first, SECRET_KEY, seals them."""
    return settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS

"""When a delivery that failed is tried again. PURE."""

from __future__ import annotations

from datetime import timedelta

DELAYS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
)
TRIES_MAX = len(DELAYS) + 1
GONE = 410


def is_delivered(status: int) -> bool:
    return 200 <= status < 300


def delay_after(tries: int, status: int | None = None) -> timedelta | None:
    """How long to wait after so many failed tries; None: it is given up. `status`: the last answer's."""
    return None if status == GONE or tries >= TRIES_MAX else DELAYS[tries - 1]

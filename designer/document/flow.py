"""How many runs of a workflow are under way, and how many begin in a time. PURE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from designer.document.fields import limit_number, seconds
from designer.document.readers import Reader, expression, one_of, record

WhenFull = Literal["queue", "skip", "cancel_oldest"]
WHEN_FULL: tuple[WhenFull, ...] = ("queue", "skip", "cancel_oldest")
RATE_PER_S = 60.0


@dataclass(frozen=True, slots=True)
class Concurrency:
    """At most `limit` runs under way at a time, for each value of the expression `key` if it is stated."""

    limit: int
    key: str | None = None
    when_full: WhenFull = "queue"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `limit` runs begin in any `per` seconds, for each value of the expression `key`."""

    limit: int
    per: float = RATE_PER_S
    key: str | None = None


concurrency: Reader = record(
    Concurrency,
    {"limit": limit_number, "key": expression, "when_full": one_of(WHEN_FULL)},
    required=("limit",),
)
rate: Reader = record(Rate, {"limit": limit_number, "per": seconds, "key": expression}, required=("limit",))

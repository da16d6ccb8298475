"""How many runs of a workflow are under way, how many begin in a time, and which inputs start one. PURE."""

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


@dataclass(frozen=True, slots=True)
class Debounce:
    """What triggers bring starts a run when nothing has come for `wait` seconds, with the last input.

    For each value of the expression `key` if it is stated; at the latest `at_most` seconds after the first.
    """

    wait: float
    key: str | None = None
    at_most: float | None = None


concurrency: Reader = record(
    Concurrency,
    {"limit": limit_number, "key": expression, "when_full": one_of(WHEN_FULL)},
    required=("limit",),
)
rate: Reader = record(Rate, {"limit": limit_number, "per": seconds, "key": expression}, required=("limit",))
debounce: Reader = record(
    Debounce, {"wait": seconds, "key": expression, "at_most": seconds}, required=("wait",)
)

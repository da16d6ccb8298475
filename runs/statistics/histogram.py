"""Durations as counts by size: small, mergeable, and good for percentiles within a tenth. PURE.

A size is a quarter of an octave of milliseconds. As JSON: `{"40": 3}` says three of about a second.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping

PARTS = 4  # of an octave
SIZE_MAX = 160  # 2**40 ms, 35 years

Sizes = Mapping[str, int]


def size_of(milliseconds: float) -> str:
    return str(min(SIZE_MAX, int(PARTS * math.log2(max(milliseconds, 1.0)))))


def count(durations_ms: Iterable[float]) -> dict[str, int]:
    return dict(Counter(map(size_of, durations_ms)))


def merge(*many: Sizes) -> dict[str, int]:
    total: Counter[str] = Counter()
    for sizes in many:
        total.update(sizes)
    return dict(total)


def percentile(sizes: Sizes, fraction: float) -> float | None:
    """Milliseconds that `fraction` of the durations do not exceed, within a tenth; None without any."""
    wanted = fraction * sum(sizes.values())
    seen = 0
    for size in sorted(sizes, key=int):
        seen += sizes[size]
        if seen >= wanted:
            return float(2 ** ((int(size) + 0.5) / PARTS))
    return None

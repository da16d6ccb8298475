"""Histograms of durations with logarithmic buckets: small, and mergeable by addition. PURE.

A bucket ("size") spans a quarter of an octave of milliseconds, size = ⌊4 · log2(ms)⌋, so that a percentile is
exact within a tenth. As JSON, `{"40": 3}` means three durations of about 2^(40/4) ms, a second. Those of
forecasts are finer, with FINE parts an octave: exact within three hundredths.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping

PARTS = 4  # buckets an octave
FINE = 16
OCTAVES_MAX = 40  # 2**40 ms, 35 years

Sizes = Mapping[str, int]


def size_of(milliseconds: float, parts: int = PARTS) -> str:
    return str(min(OCTAVES_MAX * parts, int(parts * math.log2(max(milliseconds, 1.0)))))


def count(durations_ms: Iterable[float]) -> dict[str, int]:
    return dict(Counter(map(size_of, durations_ms)))


def merge(*many: Sizes) -> dict[str, int]:
    total: Counter[str] = Counter()
    for sizes in many:
        total.update(sizes)
    return dict(total)


def percentile(sizes: Sizes, fraction: float) -> float | None:
    """Milliseconds that `fraction` of the durations do not exceed, within a tenth; None if there are none."""
    rank = fraction * sum(sizes.values())
    seen = 0
    for size in sorted(sizes, key=int):
        seen += sizes[size]
        if seen >= rank:
            return float(2 ** ((int(size) + 0.5) / PARTS))
    return None

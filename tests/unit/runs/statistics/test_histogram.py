"""Durations by size: percentiles within a tenth, and sums that do not depend on the order."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from runs.statistics import histogram

DURATIONS = st.lists(st.floats(1, 1e9), min_size=1, max_size=200)


@given(DURATIONS, st.sampled_from([0.5, 0.95, 1.0]))
def test_a_percentile_is_right_within_a_tenth(durations: list[float], fraction: float) -> None:
    exact = sorted(durations)[math.ceil(fraction * len(durations)) - 1]
    found = histogram.percentile(histogram.count(durations), fraction)
    assert found is not None
    assert abs(found / exact - 1) < 0.1


@given(DURATIONS, DURATIONS)
def test_counts_of_two_sets_add_up_to_the_counts_of_both(some: list[float], more: list[float]) -> None:
    apart = histogram.merge(histogram.count(some), histogram.count(more))
    assert apart == histogram.count(some + more)


def test_nothing_has_no_percentile_and_the_largest_has_a_size() -> None:
    assert histogram.percentile({}, 0.5) is None
    assert histogram.size_of(1e300) == str(histogram.OCTAVES_MAX * histogram.PARTS)
    assert histogram.size_of(0) == "0"

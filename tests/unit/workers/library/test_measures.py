"""What can be told of any data: scores stay between 0 and 1 and say what they claim."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.library import measures

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
TANGLED = {
    "a": [{"b": {"c": [{"d": [1, "x", None, True]}, {"e": 2}]}}, {"f": [[[1.5]]]}],
    "g": [{"h": 1}, {"i": [{"j": {"k": [{"l": "deep"}]}}]}],
}


@given(JSON)
def test_scores_stay_within_bounds_and_nothing_breaks(data: Any):
    assert 0 <= measures.complexity_of(data) <= 1
    assert 0 <= measures.quality_of(data) <= 1
    assert 0 <= measures.irregularity_of(data) <= 1
    assert measures.priority_of(data) in ("low", "normal", "high")
    assert len(measures.fingerprint_of(data)) == 8
    assert measures.type_of(data) and measures.size_of(data) >= 0


def test_deep_mixed_irregular_data_is_complex_and_a_plain_record_is_not():
    assert measures.complexity_of(TANGLED) > 0.8
    assert measures.complexity_of({"a": 1, "b": 2}) < 0.3
    assert measures.complexity_of([{"timestamp": "2026", "value": 1}] * 50) < 0.5


def test_deep_data_needs_no_recursion():
    deep: list[Any] = []
    for _ in range(50_000):
        deep = [deep]
    assert measures.complexity_of(deep) > 0


@pytest.mark.parametrize(
    ("data", "type_"),
    [
        (None, "empty"), ([], "empty"), ({}, "empty"), ("x", "text"), (1, "number"), (True, "boolean"),
        ({"a": 1}, "record"), ([{"a": 1}, {"a": 2}], "table"), ([1, 2.5], "numbers"), ([1, "x"], "list"),
        ([{"timestamp": "2026-01-01", "value": 1}, {"timestamp": "2026-01-02", "value": 2}], "time_series"),
        ([["2026-01-01", 1], ["2026-01-02", 2]], "time_series"),
        ([{"date": "2026-01-01", "value": 1}], "table"),
    ],
)  # fmt: skip
def test_types(data: Any, type_: str):
    assert measures.type_of(data) == type_


@pytest.mark.parametrize(
    ("data", "priority"),
    [
        ({"priority": "high"}, "high"),
        ({"priority": "odd"}, "normal"),
        ("URGENT: help", "high"),
        ([], "low"),
        ("x", "normal"),
    ],
)
def test_priorities(data: Any, priority: str):
    assert measures.priority_of(data) == priority


def test_quality_completeness_and_statistics():
    assert measures.quality_of({"a": 1, "b": None, "c": "", "d": "x"}) == 0.5
    assert measures.completeness_of({"a": 1, "b": None}, ["a", "b"]) == 0.5
    assert measures.completeness_of({}, []) == 1.0
    assert measures.statistics_of([1, 2, 3]) == {"count": 3, "sum": 6, "mean": 2, "min": 1, "max": 3}
    assert measures.statistics_of([]) == {"count": 0}


def test_fingerprints_follow_the_data_and_not_the_order_of_keys():
    assert measures.fingerprint_of({"a": 1, "b": 2}) == measures.fingerprint_of({"b": 2, "a": 1})
    assert measures.fingerprint_of({"a": 1}) != measures.fingerprint_of({"a": 2})

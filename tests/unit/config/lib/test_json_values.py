"""Values that can be stored, and the reason why others cannot."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.lib.json import json_text
from config.lib.json_values import DEPTH_MAX, ENCODER_DEPTH_MAX, why_unstorable

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(categories=None), max_size=6)
    | st.sampled_from(["\0", "\ud800", "\\u0000", "null", 2**64 - 1, 2**64, -(2**63), -(2**63) - 1])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(categories=None), max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


def nested(depth: int, inner: Any = 1) -> Any:
    for _ in range(depth):
        inner = {"x": inner} if depth % 2 else [inner]
    return inner


@given(VALUES)
def test_what_can_be_stored_comes_back_as_it_was_and_only_that_can(value: Any) -> None:
    """An independent encoder and decoder say whether a value survives."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        is_kept = orjson.loads(text.encode()) == value and "\\u0000" not in text.replace("\\\\", "")
    except ValueError:
        is_kept = False
    is_kept = is_kept and all(-(2**63) <= number < 2**64 for number in integers(value))
    assert is_kept == (why_unstorable(value) == "")
    if is_kept:
        assert orjson.loads(json_text(value)) == value


def integers(value: Any) -> list[int]:
    if isinstance(value, dict):
        return [number for part in value.values() for number in integers(part)]
    if isinstance(value, list):
        return [number for part in value for number in integers(part)]
    return [value] if isinstance(value, int) else []


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"rows": [{"price": math.nan}]}, "`rows[0].price` is nan, which JSON has no form for"),
        ({"a": None, "b": math.inf}, "`b` is inf, which JSON has no form for"),
        (2**64, "it is a whole number beyond 64 bits"),
        ([-(2**63) - 1], "`[0]` is a whole number beyond 64 bits"),
        ({"a": "x\0"}, "`a` holds a NUL character or half a character"),
        ({"a": {"\ud800": 1}}, "`a` has the key '\\ud800'"),
        ({1: 2}, "it has the key 1"),
        ({"a": {1, 2}}, "`a` is of type set, which JSON does not have"),
        (nested(DEPTH_MAX + 1), f"it is nested deeper than {DEPTH_MAX} levels"),
        (nested(5_000), f"it is nested deeper than {DEPTH_MAX} levels"),
    ],
)
def test_the_reason_names_the_place(value: Any, reason: str) -> None:
    assert why_unstorable(value) == reason


def test_the_deepest_value_can_be_stored_and_wrapped() -> None:
    value = nested(DEPTH_MAX)
    assert why_unstorable(value) == ""
    assert orjson.loads(json_text(value)) == value
    json_text(nested(ENCODER_DEPTH_MAX - DEPTH_MAX, value))

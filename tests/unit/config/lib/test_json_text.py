"""JSON as it is stored: numbers keep their types, and its size is known before it is written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.lib.json import StoredJson, json_text, stored_bytes

numbers = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9)
values = st.recursive(
    numbers | texts | st.none() | st.booleans() | st.sampled_from(["1e22", "3e5", '"1e+16"']),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e16, "10000000000000000.0"),
        (-1.5e16, "-15000000000000000.0"),
        (2.0, "2.0"),
        (2, "2"),
        (1e-7, "1e-7"),
    ],
)
def test_a_number_is_written_with_its_type(value: Any, text: str) -> None:
    assert json_text(value) == text
    assert json.loads(json.dumps([value], cls=StoredJson)) == [value]


@given(values)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert repr(json.loads(json_text([value]))) == repr([value])


@given(values)
def test_the_size_is_known_beforehand(value: Any) -> None:
    assert stored_bytes([value]) >= len(json_text([value]).encode())


def test_the_size_of_what_has_no_large_number_is_exact() -> None:
    value = {"text": "Zoë", "numbers": [1, 2.5, 1e15, -0.0]}
    assert stored_bytes(value) == len(json_text(value).encode())
    assert stored_bytes([1e308] * 10) > 3_000

"""Output to JSON: what is turned into strings, what is refused and how the place is named."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.execution.encode import encode
from workers.sdk.errors import BadOutput

LIMIT = 1_000_000


class Colour(Enum):
    RED = "red"


class Size(IntEnum):
    LARGE = 3


class Mood(StrEnum):
    GOOD = "good"


@dataclass
class Point:
    x: int


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (None, None),
        ({"a": [1, 2.5, True, None, "x"]}, {"a": [1, 2.5, True, None, "x"]}),
        ((1, (2,)), [1, [2]]),
        (OrderedDict(a=1), {"a": 1}),
        (datetime(2026, 11, 22, 20, 32, tzinfo=UTC), "2026-11-22T20:32:00+00:00"),
        (date(2026, 11, 22), "2026-11-22"),
        (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (Decimal("1.10"), "1.10"),
        (Colour.RED, "red"),
        (Size.LARGE, "3"),
        (Mood.GOOD, "good"),
        ("ü 🎈 \n", "ü 🎈 \n"),
        (2**63 - 1, 2**63 - 1),
    ],
)
def test_what_json_can_say_is_said(value, encoded):
    result = encode(value, LIMIT)
    assert result == encoded and type(result) is type(encoded)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"rows": [{"price": float("nan")}]}, r"`rows\[0\].price` of the output is nan"),
        ([float("inf")], r"`\[0\]` of the output is inf"),
        ({"a": Decimal("NaN")}, "`a` of the output is NaN"),
        ({"a": {1: 2}}, "a key of `a` of the output is 1, of type int; keys must be strings"),
        ({None: 2}, "a key of the output is None"),
        ({Mood.GOOD: 2}, "keys must be strings"),
        ({"a": {1, 2}}, "`a` of the output is a set, not JSON"),
        ({"a": b"x"}, "a bytes, not JSON"),
        ({"a": Point(1)}, "a Point, not JSON"),
        (object(), "the output is a object, not JSON"),
        ({"a": "x\x00y"}, "`a` of the output holds a NUL"),
        ({"a\x00": 1}, "holds a NUL"),
        ({"a": "\ud800"}, "lone surrogate"),
        ({"a": 2**64}, "beyond 64 bits"),
        ({"a": 10**5000}, "beyond 64 bits"),
        ((item for item in [1]), "generator"),
    ],
)
def test_what_json_can_not_say_is_refused_with_its_place(value, message):
    with pytest.raises(BadOutput, match=message):
        encode(value, LIMIT)


def test_a_coroutine_is_closed_and_explained():
    async def later():
        return 1

    with pytest.raises(BadOutput, match="`a` of the output is a coroutine that was not awaited"):
        encode({"a": later()}, LIMIT)


def test_cycles_are_refused_and_shared_values_are_not():
    shared = [1]
    assert encode({"a": shared, "b": shared}, LIMIT) == {"a": [1], "b": [1]}
    cycle: dict[str, Any] = {"a": []}
    cycle["a"].append(cycle)
    with pytest.raises(BadOutput, match=r"`a\[0\]` of the output refers back to itself"):
        encode(cycle, LIMIT)


def test_deep_nesting_is_refused():
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(BadOutput, match="nested deeper than 64 levels"):
        encode(deep, LIMIT)


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("x" * 50_000_000, "50,000,002"),
        ({"rows": ["ü" * 600_000]}, "1,200,013"),
        ([1] * 600_000, "1,200,001"),
        ({f"key{n}": {"n": None} for n in range(100_000)}, "2,188,891"),
    ],
)
def test_too_much_is_refused_with_the_size_and_the_limit(value, size):
    with pytest.raises(BadOutput, match=f"takes {size} bytes, the limit is 1,000,000"):
        encode(value, LIMIT)


def test_a_small_value_that_unfolds_without_end_is_refused_in_bounded_time():
    bomb: list[Any] = ["x"]
    for _ in range(60):
        bomb = [bomb, bomb]
    with pytest.raises(BadOutput, match="more than"):
        encode(bomb, LIMIT)


def test_the_limit_itself_fits():
    assert encode("x" * 98, 100) == "x" * 98
    with pytest.raises(BadOutput):
        encode("x" * 99, 100)


def test_a_value_that_breaks_while_it_is_read_is_refused():
    class Broken(dict[str, int]):
        def items(self):
            raise OSError("gone")

    with pytest.raises(BadOutput, match="can't be read: OSError: gone"):
        encode(Broken(a=1), LIMIT)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(-1e15, 1e15)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(codec="ascii", min_codepoint=1)), inner)
    ),
)


@given(JSON)
def test_json_stays_as_it_is_and_its_size_is_exact(value):
    size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
    assert encode(value, size) == value
    with pytest.raises(BadOutput):
        encode(value, size - 1)


def test_a_large_fraction_counts_with_all_the_digits_with_which_it_is_stored():
    assert encode([1e308], 313) == [1e308]
    with pytest.raises(BadOutput):
        encode([1e308], 312)

"""What can be kept of a result that is refused: parts of it, never altered, as many as there is room for."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.execution.encode import DEPTH_MAX, encode
from workers.execution.remains import remains
from workers.sdk.errors import BadOutput

ROOM = 10_000
cycle: dict[str, Any] = {"id": 1}
cycle["self"] = cycle


class Rude:
    def __str__(self) -> str:
        raise ValueError("no")


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"x": value}
    return value


@pytest.mark.rule("R6.15")
@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"id": "p1", "rate": math.nan}, {"id": "p1"}),
        ({"id": "p1", "tags": {"a", "b"}}, {"id": "p1"}),
        ({"id": "p1", "text": "a\0b", "half": "\ud800"}, {"id": "p1"}),
        ({"id": "p1", "n": 2**63}, {"id": "p1"}),
        ({"id": "p1", "text": "x" * ROOM}, {"id": "p1"}),
        ({"text": "x" * ROOM, "id": "p1"}, {"id": "p1"}),
        ({"rows": [1, math.inf, {"a": b"1", "b": 2}]}, {"rows": [1, None, {"b": 2}]}),
        ({1: "a", "b\0": 2, "c": 3}, {"c": 3}),
        (cycle, {"id": 1}),
        ({"id": 1, "rude": Rude()}, {"id": 1}),
        (nested(2 * DEPTH_MAX), nested(DEPTH_MAX - 1) | {}),
        ({"a", "b"}, None),
        (math.nan, None),
        ([math.nan] * 3, [None] * 3),
        (lambda: 1, None),
    ],
    ids=[
        *(
            "nan",
            "set",
            "half a character",
            "beyond 64 bits",
            "too large before",
            "too large after",
            "in a list",
        ),
        *("keys", "cycle", "rude", "too deep", "only a set", "only nan", "only nans", "function"),
    ],
)
def test_what_cannot_be_kept_is_left_out_and_the_rest_is_there(value: Any, kept: Any) -> None:
    with pytest.raises(BadOutput):
        encode(value, ROOM)
    if isinstance(kept, dict) and "x" in kept:  # down to the deepest level that is allowed
        assert encode(remains(value, ROOM), ROOM)
    else:
        assert remains(value, ROOM) == kept


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**65), 2**65)
    | st.floats()
    | st.text(st.characters(categories=None), max_size=30)
    | st.binary(max_size=3)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=4)
        | st.frozensets(st.integers(), max_size=2)
    ),
    max_leaves=20,
)


@pytest.mark.rule("R6.15")
@given(VALUES, st.integers(0, 60))
def test_the_rest_can_always_be_kept_and_is_all_where_all_can_be(value: Any, room: int) -> None:
    kept = remains(value, room)
    assert kept is None or encode(kept, room) == kept
    assert kept is None or len(json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()) <= room
    try:
        whole = encode(value, room)
    except BadOutput:
        return
    assert remains(value, room + 1_000) == whole

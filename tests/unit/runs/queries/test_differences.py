"""Two JSON values, told apart place by place."""

from __future__ import annotations

from typing import Any

import pytest

from runs.machine.bindings import merge_patch
from runs.queries.differences import CHANGES_MAX, Change, changes


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({}, {}, []),
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": 1}, {"a": True}, [Change("changed", "a", "1", "true")]),
        ({"a": 1}, {"a": 2}, [Change("changed", "a", "1", "2")]),
        ({"a": 1}, {}, [Change("removed", "a", before="1")]),
        ({}, {"a": None}, [Change("added", "a", after="null")]),
        ({"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 2}}}, [Change("changed", "a.b.c", "1", "2")]),
        ({"a": {"b": 1}}, {"a": [1]}, [Change("changed", "a", '{"b": 1}', "[1]")]),
        ({"a": [1, 2]}, {"a": [1, 3]}, [Change("changed", "a", "[1, 2]", "[1, 3]")]),
        (1, {}, [Change("changed", "(everything)", "1", "{}")]),
        ({"x": "<b>"}, {"x": "é"}, [Change("changed", "x", '"<b>"', '"é"')]),
    ],
)
def test_each_change_is_named_by_its_path(before: Any, after: Any, found: list[Change]) -> None:
    assert changes(before, after) == found


def test_a_patch_is_shown_as_what_it_does() -> None:
    before = {"simulate": {"refund": "failed"}, "amount": 1}
    after = merge_patch(before, {"simulate": {"refund": None}, "note": "x"})
    assert [(change.kind, change.path) for change in changes(before, after)] == [
        ("removed", "simulate.refund"),
        ("added", "note"),
    ]


def test_much_is_cut_short() -> None:
    found = changes({}, {str(number): "x" * 1_000 for number in range(500)})
    assert len(found) == CHANGES_MAX
    assert max(len(change.after) for change in found) < 400

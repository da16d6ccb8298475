"""A worker may do what it likes with its context; nobody else's changes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from workers.execution.isolation import IsolatedContext

READS: dict[str, Callable[[IsolatedContext], list[int]]] = {
    "key": lambda context: context["a"],
    "get": lambda context: context.get("a", []),
    "items": lambda context: dict(context.items())["a"],
    "values": lambda context: next(iter(context.values())),
    "dict": lambda context: dict(context)["a"],
    "unpacked": lambda context: {**context}["a"],
    "copy": lambda context: context.copy()["a"],
    "copy.copy": lambda context: copy.copy(context)["a"],
    "deepcopy": lambda context: copy.deepcopy(context)["a"],
    "or": lambda context: (context | {"b": 1})["a"],
    "ror": lambda context: ({"b": 1} | context)["a"],
    "pop": lambda context: context.pop("a"),
    "popitem": lambda context: context.popitem()[1],
    "setdefault": lambda context: context.setdefault("a", []),
}


@pytest.mark.parametrize("way", READS)
def test_what_is_read_may_be_changed(way: str) -> None:
    shared = {"a": [1]}
    READS[way](IsolatedContext(shared)).append(2)
    assert shared == {"a": [1]}


def test_a_change_is_seen_by_the_worker_itself() -> None:
    context = IsolatedContext({"a": {"b": 1}})
    context["a"]["b"] = 2
    context["c"] = context["a"]
    context.update(d=4)
    context |= {"e": 5}
    assert context == {"a": {"b": 2}, "c": {"b": 2}, "d": 4, "e": 5}
    assert context["c"] is context["a"]


def test_a_missing_key_is_missing() -> None:
    context = IsolatedContext({"a": 1})
    assert context.get("b") is None and "b" not in context
    with pytest.raises(KeyError):
        context["b"]


def test_it_is_a_dict_for_everyone() -> None:
    context: Any = IsolatedContext({"a": [1], "b": None})
    assert isinstance(context, dict)
    assert json.loads(json.dumps(context)) == {"a": [1], "b": None}
    assert context == {"a": [1], "b": None} and len(context) == 2 and list(context) == ["a", "b"]


def test_what_is_not_read_is_not_copied() -> None:
    shared = {"large": [0], "small": [1]}
    context = IsolatedContext(shared)
    context["small"]
    assert dict.__getitem__(context, "large") is shared["large"]

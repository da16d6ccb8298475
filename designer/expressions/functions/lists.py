"""Functions on lists in expressions. PURE."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from designer.errors import ExpressionError
from designer.expressions.budget import WORK_MAX, make_room, pay, weight
from designer.expressions.functions.arithmetic import (
    WHOLE_MAX,
    WHOLE_MIN,
    equal,
    is_number,
    is_whole,
    name_of_type,
)
from designer.expressions.functions.values import get, to_json
from designer.problems import truncate

COMPARISONS_PER_VALUE = 4
COPIES = 2
"""Reads that `distinct` costs for each value: it writes what is no text or number as JSON."""
_MISSING = object()


def sum_of(values: list[Any]) -> int | float:
    """The sum, rounded once; a whole number if all are."""
    _check_numbers("sum", values)
    wholes: int = sum(value for value in values if is_whole(value))
    if any(isinstance(value, float) for value in values):
        return _float_sum(values, wholes)
    if not WHOLE_MIN <= wholes <= WHOLE_MAX:
        raise ExpressionError("the sum is an overflow: a whole number has 64 bits")
    return wholes


def average(values: list[Any]) -> float:
    _check_numbers("avg", values)
    _check_some("avg", values)
    wholes: int = sum(value for value in values if is_whole(value))
    if any(isinstance(value, float) for value in values):
        return _float_sum(values, wholes) / len(values)
    return wholes / len(values)


def _float_sum(values: list[Any], wholes: int) -> float:
    """The sum with the whole numbers in two parts, so that none of their digits is lost before the end."""
    try:
        nearest = float(wholes)
        rest = float(wholes - int(nearest))
        return math.fsum([*(value for value in values if isinstance(value, float)), nearest, rest])
    except (OverflowError, ValueError):
        raise ExpressionError("the sum is not a number, or too large a one") from None


def _check_numbers(function: str, values: list[Any]) -> None:
    for place, value in enumerate(values):
        if not is_number(value):
            raise ExpressionError(f"'{function}' needs a list of numbers; item {place} is {truncate(value)}")


def _check_some(function: str, values: list[Any]) -> None:
    if not values:
        raise ExpressionError(f"'{function}' of an empty list is nothing; ask for size(…) > 0 before")


def _check_ordered(function: str, values: list[Any]) -> None:
    """Raises ExpressionError unless all have an order among each other."""
    for place, value in enumerate(values):
        has_order = (is_number(value) and value == value) or isinstance(value, str | datetime | timedelta)
        is_like_first = is_number(value) and is_number(values[0]) or type(value) is type(values[0])
        if not has_order or not is_like_first:
            kinds = f"item 0 is a {name_of_type(values[0])}, item {place} is a {name_of_type(value)}"
            raise ExpressionError(f"'{function}' needs numbers only, texts only or times only; {kinds}")


def smallest(*values: Any) -> Any:
    return min(_compared("min", values))


def largest(*values: Any) -> Any:
    return max(_compared("max", values))


def _compared(function: str, values: tuple[Any, ...]) -> list[Any]:
    """The items of one list, or the values as they are given."""
    items = values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)
    _check_some(function, items)
    _check_ordered(function, items)
    return items


def sort(values: list[Any], path: str | None = None) -> list[Any]:
    """Smallest first; objects by what stands at a path in them. Equal ones keep their order."""
    pay(len(values) * len(values).bit_length() // COMPARISONS_PER_VALUE + len(values))
    keys = values if path is None else [get(value, path, _MISSING) for value in values]
    if any(key is _MISSING for key in keys):
        raise ExpressionError(f"'sort': not every item has {truncate(path)}")
    _check_ordered("sort", keys)
    return [values[place] for place in sorted(range(len(keys)), key=keys.__getitem__)]


def reverse(values: list[Any]) -> list[Any]:
    return values[::-1]


def distinct(values: list[Any]) -> list[Any]:
    """Each value once, where it stands first; numbers are compared by value."""
    pay(COPIES * weight(values, WORK_MAX))
    kept: dict[Any, Any] = {}
    for value in values:
        is_plain = is_number(value) or isinstance(value, str)
        kept.setdefault(value if is_plain else (to_json(_by_value(value)),), value)
    return list(kept.values())


def _by_value(value: Any) -> Any:
    """The value with whole numbers written as such: equal values are equal JSON."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_by_value(part) for part in value]
    if isinstance(value, dict):
        return {key: _by_value(part) for key, part in value.items()}
    return value


def flatten(values: list[Any]) -> list[Any]:
    """The items, and in place of each list among them, its own items."""
    return [item for value in values for item in (value if isinstance(value, list) else [value])]


def first(values: list[Any]) -> Any:
    _check_some("first", values)
    return values[0]


def last(values: list[Any]) -> Any:
    _check_some("last", values)
    return values[-1]


def index_of(group: str | list[Any], value: Any) -> int:
    """The place of a value in a list, or of a text in a text, counted from 0; -1 where it is not."""
    if isinstance(group, list):
        return next((place for place, item in enumerate(group) if equal(item, value)), -1)
    if isinstance(value, str):
        return group.find(value)
    raise ExpressionError(f"'index_of' looks for a text in a text, not for {truncate(value)}")


def contains(group: Any, value: Any) -> bool:
    """Whether a text holds a text, a list a value, or an object a key."""
    if isinstance(group, dict):
        return isinstance(value, str) and value in group
    return index_of(group, value) >= 0


def range_of(start: int, end: int, step: int = 1) -> list[int]:
    """Whole numbers from start to end, both included where the steps come to it."""
    if step == 0:
        raise ExpressionError("'range' needs a step other than 0")
    numbers = range(start, end + (1 if step > 0 else -1), step)
    count = max(0, (end - start) // step + 1)
    make_room(count)
    return list(numbers)


def chunk(values: list[Any], length: int) -> list[list[Any]]:
    """Lists of so many items, the last one of what is left."""
    if length < 1:
        raise ExpressionError(f"'chunk' needs a length of at least 1, not {length}")
    return [values[place : place + length] for place in range(0, len(values), length)]

"""Arithmetic and comparison in expressions: whole numbers and others mix, and comparisons are exact. PURE.

The library refuses `2 * 1.5`, and compares a whole number beyond 2⁵³ with another number only nearly. Here a
whole number that meets another kind of number in arithmetic is taken as that kind, the nearest where it has
more digits; comparisons are exact. What two whole numbers give is a whole number of 64 bits, or an overflow.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from designer.errors import ExpressionError
from designer.expressions.budget import pay, weight_of_text

WHOLE_MIN, WHOLE_MAX, UNSIGNED_MAX = -(2**63), 2**63 - 1, 2**64 - 1
TYPES: Mapping[type, str] = {
    bool: "bool",
    int: "int",
    float: "double",
    str: "string",
    bytes: "bytes",
    list: "list",
    dict: "map",
    datetime: "timestamp",
    timedelta: "duration",
    type(None): "null",
}


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def name_of_type(value: Any) -> str:
    return TYPES.get(type(value), type(value).__name__)


def calculate(signs: str, first: Any, *others: Any) -> Any:
    """The value of a chain such as `first + a - b`, from left to right, with a sign for each of `others`."""
    value = first
    for sign, other in zip(signs.split(), others, strict=True):
        if is_number(value) and is_number(other):
            value = _of_numbers(sign, value, other)
        else:
            value = _of_others(sign, value, other)
    return value


def negate(times: int, value: Any) -> Any:
    """The value behind so many minus signs."""
    if not is_number(value):
        raise ExpressionError(f"Unsupported operation: -{name_of_type(value)}")
    for _ in range(times):
        value = _of_numbers("-", 0, value) if is_whole(value) else -value
    return value


def _of_numbers(sign: str, left: Any, right: Any) -> Any:
    if not (is_whole(left) and is_whole(right)):
        return _OF_DOUBLES[sign](float(left), float(right))
    if sign in "/%" and right == 0:
        raise ExpressionError("division by zero")
    value = _OF_WHOLES[sign](left, right)
    largest = UNSIGNED_MAX if max(left, right) > WHOLE_MAX else WHOLE_MAX
    if not WHOLE_MIN <= value <= largest:
        raise ExpressionError(
            f"{left} {sign} {right} is an overflow: a whole number has 64 bits; write double(…) around one"
        )
    return value


def _quotient_of_wholes(left: int, right: int) -> int:
    """The quotient without its fraction, so that -7 / 2 is -3, as in CEL and C."""
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _quotient(left: float, right: float) -> float:
    if right:
        return left / right
    is_undefined = not left or math.isnan(left)
    return math.nan if is_undefined else math.copysign(math.inf, left) * math.copysign(1, right)


def _remainder(left: float, right: float) -> float:
    """What is left of a division, with the sign of `left`, as of whole numbers."""
    return math.fmod(left, right) if right and math.isfinite(left) else math.nan


_OF_WHOLES: Mapping[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _quotient_of_wholes,
    "%": lambda left, right: left - right * _quotient_of_wholes(left, right),
}
_OF_DOUBLES: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _quotient,
    "%": _remainder,
}


def _of_others(sign: str, left: Any, right: Any) -> Any:
    """Texts, bytes and lists that are put together; times and durations."""
    kinds = (type(left), type(right))
    try:
        if sign == "+" and kinds in ((str, str), (bytes, bytes), (list, list)):
            length = len(left) + len(right)
            pay(length if kinds[0] is list else weight_of_text(length))
            return left + right
        if sign == "+" and kinds in ((datetime, timedelta), (timedelta, datetime), (timedelta, timedelta)):
            return left + right
        if sign == "-" and kinds in ((datetime, timedelta), (datetime, datetime), (timedelta, timedelta)):
            return left - right
    except OverflowError:
        raise ExpressionError("the time lies outside the calendar, years 1 to 9999") from None
    raise ExpressionError(f"Unsupported operation: {name_of_type(left)} {sign} {name_of_type(right)}")


def compare(signs: str, first: Any, *others: Any) -> bool:
    """Whether a chain of comparisons holds, from left to right."""
    value = first
    for sign, other in zip(signs.split(), others, strict=True):
        if sign in ("==", "!="):
            value = equal(value, other) == (sign == "==")
        elif sign == "in":
            value = is_in(value, other)
        else:
            value = _in_order(sign, value, other)
    return bool(value)


_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _in_order(sign: str, left: Any, right: Any) -> bool:
    same = type(left) is type(right) and isinstance(left, bool | str | bytes | datetime | timedelta)
    if same or (is_number(left) and is_number(right)):
        return _ORDERS[sign](left, right)
    kinds = f"{name_of_type(left)} {sign} {name_of_type(right)}"
    raise ExpressionError(f"Unsupported comparison: {kinds}; only what is of one kind has an order")


def equal(left: Any, right: Any) -> bool:
    """Whether two values are equal; numbers by value, however they are written, at any depth."""
    todo = [(left, right)]
    while todo:
        one, other = todo.pop()
        if isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            todo.extend(zip(one, other, strict=True))
        elif isinstance(one, dict) and isinstance(other, dict):
            if one.keys() != other.keys():
                return False
            todo.extend((one[key], other[key]) for key in one)
        elif not _equal_scalars(one, other):
            return False
    return True


def _equal_scalars(one: Any, other: Any) -> bool:
    if is_number(one) and is_number(other):
        return bool(one == other)
    return type(one) is type(other) and bool(one == other)


def is_in(value: Any, group: Any) -> bool:
    """Whether a list holds a value, or an object a key."""
    if isinstance(group, list | dict):
        return any(equal(value, member) for member in group)
    raise ExpressionError(f"'in' needs a list or an object, not {name_of_type(group)}")

"""Conversions between texts, numbers, truth values and times in expressions. PURE."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from designer.errors import ExpressionError
from designer.expressions.functions.arithmetic import WHOLE_MAX, WHOLE_MIN, is_number
from designer.problems import truncate

DIGITS_MAX = 400
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def to_int(value: Any) -> int:
    """A number without its fraction, the number of some digits, or the seconds of a time since 1970."""
    if isinstance(value, datetime):
        return math.floor(value.timestamp())
    is_digits = isinstance(value, str) and len(value) <= DIGITS_MAX and bool(_WHOLE.fullmatch(value))
    if not is_digits and not (is_number(value) and math.isfinite(value)):
        raise ExpressionError(f"'int' cannot make a whole number of {truncate(value)}")
    number = int(value)
    if WHOLE_MIN <= number <= WHOLE_MAX:
        return number
    raise ExpressionError(f"{truncate(value)} is an overflow: a whole number has 64 bits")


def to_double(value: Any) -> float:
    """The nearest number of that kind."""
    if is_number(value):
        return float(value)
    if isinstance(value, str) and len(value) <= DIGITS_MAX and _NUMBER.fullmatch(value):
        number = float(value)
        if math.isfinite(number):
            return number
    raise ExpressionError(f"'double' cannot make a number of {truncate(value)}")


def to_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise ExpressionError(f"'bool' takes the texts 'true' and 'false', not {truncate(value)}")


def to_string(value: Any) -> str:
    """A text; numbers in decimal digits, without an exponent."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _digits(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise ExpressionError("these bytes are no text in UTF-8") from None
    raise ExpressionError(f"'string' cannot make a text of {truncate(value)}: write to_json(…)")


def _digits(value: float) -> str:
    if not math.isfinite(value):
        return {math.inf: "inf", -math.inf: "-inf"}.get(value, "NaN")
    text = f"{Decimal(repr(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _duration(value: timedelta) -> str:
    """`1h30m0s`, as the library writes it."""
    seconds = abs(value) // timedelta(seconds=1)
    rest = Decimal((abs(value) % timedelta(seconds=1)) // timedelta(microseconds=1)) / 1_000_000
    hours, minutes = seconds // 3_600, seconds % 3_600 // 60
    parts = f"{hours}h" if hours else "", f"{minutes}m" if hours or minutes else ""
    return f"{'-' if value < timedelta() else ''}{''.join(parts)}{(seconds % 60 + rest).normalize():f}s"

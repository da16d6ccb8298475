"""Functions on texts in expressions, which are counted in characters. PURE."""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from config.lib import patterns
from config.lib.patterns import BadPattern, TooMuchToSearch
from designer.errors import ExpressionError
from designer.expressions.budget import make_room, pay, weight_of_text
from designer.expressions.functions.values import to_json
from designer.problems import truncate

SEARCH_PER_VALUE = 25
"""Instructions of a pattern × characters that take as long as reading one value."""
DIGITS_MAX = 20
_DECIMALS = Context(prec=400)  # of any double, with its decimals


def size(value: Any) -> int:
    if isinstance(value, str | bytes | list | Mapping):
        return len(value)
    raise ExpressionError("'size' cannot be used on these values: it takes a text, a list or an object")


def check_regex(pattern: str) -> None:
    try:
        patterns.compile_pattern(pattern)
    except BadPattern:
        raise ExpressionError(
            f"{truncate(pattern)} is not a regular expression that 'matches' knows, or it is too large"
        ) from None


def matches(text: Any, pattern: Any) -> bool:
    """Whether a regular expression matches anywhere in a text."""
    if not isinstance(text, str) or not isinstance(pattern, str):
        raise ExpressionError("'matches' needs a text and a regular expression")
    check_regex(pattern)
    work = patterns.work_of(pattern, text) // SEARCH_PER_VALUE
    pay(work + patterns.compile_pattern(pattern).programsize)
    try:
        return patterns.matches(pattern, text)
    except TooMuchToSearch as error:
        raise ExpressionError(f"'matches': {error}") from None


def split(text: str, separator: str) -> list[str]:
    """The parts between separators; single characters where the separator is empty."""
    count = text.count(separator) + 1
    make_room(2 * count + weight_of_text(len(text)))
    return text.split(separator) if separator else list(text)


def join(values: list[Any], separator: str = "") -> str:
    parts = [_shown("join", value, place) for place, value in enumerate(values)]
    make_room(weight_of_text(sum(map(len, parts)) + len(separator) * len(parts)))
    return separator.join(parts)


def _shown(function: str, value: Any, place: int) -> str:
    """A text as it is, numbers, true, false and null as in JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float | datetime) or value is None:
        return to_json(value).strip('"')
    raise ExpressionError(
        f"'{function}' takes texts and numbers; item {place} is {truncate(value)}: write to_json(…) around it"
    )


def replace(text: str, old: str, new: str) -> str:
    """The text with `new` in place of every `old`."""
    if not old:
        raise ExpressionError("'replace' needs a text to look for that is not empty")
    make_room(weight_of_text(len(text) + text.count(old) * max(0, len(new) - len(old))))
    return text.replace(old, new)


def lower(text: str) -> str:
    pay(weight_of_text(len(text)))
    return text.lower()


def upper(text: str) -> str:
    pay(weight_of_text(len(text)))
    return text.upper()  # three times as many characters at most


def trim(text: str) -> str:
    return text.strip()


def substring(text: str, start: int, end: int | None = None) -> str:
    """The characters from `start` to before `end`, counted from 0, as far as the text goes."""
    if start < 0 or (end is not None and end < start):
        raise ExpressionError("'substring' needs a start of 0 or more, and an end that is not before it")
    return text[start:end]


def format_text(template: str, *values: Any) -> str:
    """The template with a value in place of each `{}`."""
    places = template.split("{}")
    if len(places) - 1 != len(values):
        raise ExpressionError(f"'format' has {len(places) - 1} times {{}} for {len(values)} values")
    shown = [value if isinstance(value, str) else to_json(value) for value in values]
    make_room(weight_of_text(len(template) + sum(map(len, shown))))
    return "".join(part for pair in zip(places, [*shown, ""], strict=True) for part in pair)


def check_separators(separators: str) -> None:
    if len(separators) not in (1, 2) or any(sign.isdigit() or sign == "-" for sign in separators):
        raise ExpressionError(
            "'format_number' needs the signs of thousands and of decimals, as ',.', or only the latter"
        )


def format_number(value: int | float, digits: int | None = None, separators: str = ",.") -> str:
    """A number in decimal digits, halves rounded away from zero as people round.

    `separators`: the one between thousands and that of the decimals, or only the latter.
    """
    if not math.isfinite(value):
        raise ExpressionError(f"'format_number': {value} is not a number")
    if digits is not None and not 0 <= digits <= DIGITS_MAX:
        raise ExpressionError(f"'format_number' writes 0 to {DIGITS_MAX} decimals, not {digits}")
    check_separators(separators)
    number = Decimal(repr(value))
    places = max(0, -int(number.as_tuple().exponent)) if digits is None else digits
    number = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _DECIMALS)
    if digits is None and isinstance(value, float) and value.is_integer():
        places = 0
    text = f"{abs(number):,.{places}f}"
    pay(weight_of_text(len(text)))
    text = text.translate({ord(","): separators[:-1], ord("."): separators[-1]})
    return f"-{text}" if number < 0 else text


def base64_of(value: str | bytes) -> str:
    return base64.b64encode(_bytes(value)).decode()


def base64_decode(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        raise ExpressionError("'base64_decode' needs the Base64 of a text in UTF-8") from None


def sha256(value: str | bytes) -> str:
    return hashlib.sha256(_bytes(value)).hexdigest()


def _bytes(value: str | bytes) -> bytes:
    try:
        return value.encode() if isinstance(value, str) else value
    except UnicodeEncodeError:
        raise ExpressionError("the text holds half a character, which has no bytes") from None

"""JSON as every database takes it: no NUL characters, no halves of characters (lone surrogates), no number
that is not finite or has more than 64 bits. PURE.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from config.lib.errors import Unreadable

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
REPLACED_BY = "\ufffd"
INTEGERS = range(-(2**63), 2**64)
NUL_ESCAPE = "\\u0000"


def storable(value: Any) -> Any:
    """A JSON value with a mark in place of each character that cannot be stored."""
    if isinstance(value, str):
        return UNSTORABLE.sub(REPLACED_BY, value)
    if isinstance(value, Mapping):
        return {storable(key): storable(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value


def json_text(value: Any) -> str:
    """A JSON value as text that can be stored."""
    text = _text(value)
    return text if text is not None else orjson.dumps(storable(value)).decode()


def is_storable(value: Any) -> bool:
    """Whether a JSON value can be stored as it is."""
    return _text(value) is not None or storable(value) == value


def _text(value: Any) -> str | None:
    try:
        text = orjson.dumps(value).decode()
    except TypeError:
        return None
    return None if NUL_ESCAPE in text else text


def whole(text: str) -> int:
    """For `parse_int` of `json.loads`. Raises ValueError."""
    number = int(text)
    if number not in INTEGERS:
        raise ValueError(f"{text[:30]} is no whole number of 64 bits; make it a text")
    return number


def finite(text: str) -> float:
    """For `parse_float` of `json.loads`. Raises ValueError."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:30]} is too large a number; make it a text")
    return number


def read_json(body: bytes) -> Any:
    """The value of a JSON text. Raises Unreadable."""
    try:
        return json.loads(
            utf8_text(body), parse_constant=_refuse_constant, parse_int=whole, parse_float=finite
        )
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"The body is not valid JSON: {error}") from error


def utf8_text(body: bytes) -> str:
    """Raises Unreadable."""
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Unreadable("The body is not UTF-8 text.") from error


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def iso(at: datetime | None) -> str | None:
    """UTC with microseconds and a `Z`."""
    return None if at is None else at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

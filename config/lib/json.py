"""JSON that every database can store: no NUL characters, no lone surrogates. What is read back equals what
was stored, and a number keeps its type. PURE.

`config.lib.json_reader` decodes what comes from outside.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
REPLACEMENT = "\ufffd"
LARGE = 1e16
LARGE_FLOAT = re.compile(r"\de\+?(\d+)")
EXPONENT_MAX = 310
INTEGERS = range(-(2**63), 2**64)
NUL_ESCAPE = "\\u0000"
ESCAPED_NUL = re.compile(
    r"(?<!\\)(?:\\\\)*\\u0000"
)  # a text that spells the escape out has one backslash more


def storable(value: Any) -> Any:
    """A JSON value with U+FFFD in place of each character that cannot be stored."""
    if isinstance(value, str):
        return UNSTORABLE.sub(REPLACEMENT, value)
    if isinstance(value, Mapping):
        return {storable(key): storable(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value


def json_text(value: Any) -> str:
    """Encodes a JSON value as text that can be stored.

    PostgreSQL keeps numbers as decimals and would read 1e16 as a whole number, so a large float is written
    with all its digits and a fraction. It has no minus zero: -0.0 comes back as 0.0, which equals it.
    """
    text = _storable_text(value)
    if text is None:
        value = storable(value)
        text = orjson.dumps(value).decode()
    return orjson.dumps(_with_digits(value)).decode() if LARGE_FLOAT.search(text) else text


def stored_bytes(value: Any) -> int:
    """Bytes that a JSON value takes as `json_text` writes it, or more where texts look like large floats.

    Nothing is written for it: 1e308 takes sixty times as many bytes as in a request.
    """
    text = _storable_text(value) or orjson.dumps(storable(value)).decode()
    digits = (min(int(match[1][:4]), EXPONENT_MAX) for match in LARGE_FLOAT.finditer(text))
    return len(text.encode()) + sum(digits)


class StoredJson(json.JSONEncoder):
    """For `encoder` of a JSONField: writes large floats as `json_text` does."""

    def encode(self, o: Any) -> str:
        text = super().encode(o)
        return json_text(o) if LARGE_FLOAT.search(text) else text


def stores_as_it_is(value: Any) -> bool:
    """Whether a JSON value surely can be stored as it is; False means that a closer look is needed.

    orjson refuses surrogates and integers of more than 64 bits. It writes NaN as `null`; `json` refuses it.
    """
    text = _storable_text(value)
    if text is None:
        return False
    try:
        return "null" not in text or bool(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return False


def _with_digits(value: Any) -> Any:
    """The value for orjson, with large floats as text without an exponent."""
    if isinstance(value, float):
        return orjson.Fragment(f"{value:.1f}") if abs(value) >= LARGE else value
    if isinstance(value, Mapping):
        return {key: _with_digits(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_with_digits(item) for item in value]
    return value


def _storable_text(value: Any) -> str | None:
    """The value as text, or None if it may hold a character that cannot be stored.

    orjson refuses surrogates and escapes NUL, so encoding finds both faster than a walk through the value.
    """
    try:
        text = orjson.dumps(value).decode()
    except TypeError:
        return None
    return None if NUL_ESCAPE in text and ESCAPED_NUL.search(text) else text


def iso(at: datetime | None) -> str | None:
    """ISO 8601 with microseconds and a `Z`, for a time in UTC."""
    return None if at is None else at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

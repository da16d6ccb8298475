"""Shape check: whether a value is JSON of an acceptable size, before its meaning is read.

PURE. It walks with a stack of its own instead of recursion and stops at the first limit exceeded, so a
hostile document (deep, huge, cyclic, or multiplied by YAML aliases) is refused at a bounded cost.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from config.lib.json_reader import LEVELS_MAX
from designer.document.limits import DOCUMENT_BYTES_MAX
from designer.problems import Problem, join, truncate

DEPTH_MAX = LEVELS_MAX
VALUES_MAX = 200_000
INTEGER_MAX = 2**63 - 1


def check_shape(document: object, path: str = "") -> Problem | None:
    """The first reason to refuse a value as a whole, or None if it is acceptable JSON.

    Refused are more than `DEPTH_MAX` levels, `VALUES_MAX` values or `DOCUMENT_BYTES_MAX` bytes of
    text, and everything that JSON or a database's JSON column cannot hold.
    """
    pending: list[tuple[object, str, int]] = [(document, path, 0)]
    visited = size = 0
    while pending:
        value, place, depth = pending.pop()
        visited += 1
        parts = len(value) if isinstance(value, Mapping | list | tuple) else 0
        texts = (value,) if isinstance(value, str) else value if isinstance(value, Mapping) else ()
        size += sum(len(text) for text in texts if isinstance(text, str))
        problem = _wrong_value(value, place, depth) or _too_large(visited + len(pending) + parts, size, path)
        if problem:
            return problem
        if isinstance(value, Mapping):
            pending.extend((part, join(place, key), depth + 1) for key, part in value.items())
        elif isinstance(value, list | tuple):
            pending.extend((part, join(place, index), depth + 1) for index, part in enumerate(value))
    return None


def _too_large(values: int, size: int, path: str) -> Problem | None:
    if values > VALUES_MAX:
        return Problem("too_large", path, f"at most {VALUES_MAX:,} values are allowed; this has more")
    if size > DOCUMENT_BYTES_MAX:
        return Problem("too_large", path, f"at most {DOCUMENT_BYTES_MAX:,} bytes are allowed; this has more")
    return None


def _wrong_value(value: object, path: str, depth: int) -> Problem | None:
    if depth >= DEPTH_MAX and isinstance(value, Mapping | list | tuple):
        return Problem("too_deep", path, f"at most {DEPTH_MAX} levels are allowed; this is nested deeper")
    if value is None or isinstance(value, bool | list | tuple):
        return None
    if isinstance(value, str):
        return _wrong_text(value, path)
    if isinstance(value, int):
        fits = -INTEGER_MAX - 1 <= value <= INTEGER_MAX
        return (
            None
            if fits
            else Problem("bad_value", path, "a whole number may take 64 bits; write it as a text")
        )
    if isinstance(value, float):
        return None if math.isfinite(value) else Problem("bad_value", path, f"{value} is not a JSON number")
    if isinstance(value, Mapping):
        return next((problem for key in value if (problem := _wrong_key(key, path))), None)
    return Problem(
        "bad_type", path, f"a value of type {type(value).__name__} is not JSON; write it as a text"
    )


def _wrong_key(key: object, path: str) -> Problem | None:
    if not isinstance(key, str):
        return Problem("bad_type", path, f"the key {truncate(key)} must be a text; put it in quotes")
    return _wrong_text(key, path)


def _wrong_text(value: str, path: str) -> Problem | None:
    if "\x00" in value or not (value.isascii() or _is_unicode(value)):
        return Problem("bad_value", path, "the text holds a NUL or half a surrogate pair; remove it")
    return None


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True

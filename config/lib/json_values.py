"""Whether a JSON value inside the product can be stored as it is, and why not. PURE.

Whatever a rule is about to keep is looked at here, wherever it came from: no NUL characters, no lone
surrogates, no number that is not finite or needs more than 64 bits, no nesting deeper than `DEPTH_MAX`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import orjson

from config.lib.json import INTEGERS, NUL_ESCAPE, UNSTORABLE, storable

ENCODER_DEPTH_MAX = 254
DEPTH_MAX = 200
"""Of a stored value. What the encoder can do beyond that is for what values are wrapped in."""
PATH_LENGTH_MAX = 200
NUL_BYTES = NUL_ESCAPE.encode()


def why_unstorable(value: Any) -> str:
    """Returns why a JSON value cannot be stored as it is, with the place; empty if it can.

    The encoder finds almost everything faster than a walk. It reads NaN as null and writes NUL as an escape;
    a text with either is looked at once more.
    """
    if value is None:
        return ""
    try:
        text = orjson.dumps(value)
        if text.count(b"[") + text.count(b"{") > DEPTH_MAX:
            orjson.dumps(_wrapped(value))
        if b"null" in text:
            json.dumps(value, allow_nan=False)
        if NUL_BYTES not in text:
            return ""
    except (TypeError, ValueError):
        pass
    return _why_unstorable(value)


def _wrapped(value: Any) -> Any:
    """The value in so many lists that the encoder's own limit is that of stored values."""
    for _ in range(ENCODER_DEPTH_MAX - DEPTH_MAX):
        value = (value,)
    return value


def _why_unstorable(value: Any) -> str:
    todo: list[tuple[Any, tuple[str | int, ...]]] = [(value, ())]
    while todo:
        part, path = todo.pop()
        if isinstance(part, Mapping | list | tuple) and len(path) >= DEPTH_MAX:
            return f"it is nested deeper than {DEPTH_MAX} levels"
        if isinstance(part, Mapping):
            keys = [key for key in part if not isinstance(key, str) or UNSTORABLE.search(key)]
            if keys:
                return f"{_place(path)} has the key {keys[0]!r:.60}"
            todo += [(member, (*path, key)) for key, member in part.items()]
        elif isinstance(part, list | tuple):
            todo += [(item, (*path, index)) for index, item in enumerate(part)]
        elif reason := _why_not_scalar(part):
            return f"{_place(path)} {reason}"
    return ""


def _why_not_scalar(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return "holds a NUL character or half a character" if UNSTORABLE.search(value) else ""
    if isinstance(value, int):
        return "" if value in INTEGERS else "is a whole number beyond 64 bits"
    if isinstance(value, float):
        return "" if math.isfinite(value) else f"is {value}, which JSON has no form for"
    return f"is of type {type(value).__name__}, which JSON does not have"


def _place(path: tuple[str | int, ...]) -> str:
    """`rows[3].price` in backticks; `it` for the whole value."""
    parts = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    text = storable(parts.removeprefix("."))
    shown = text if len(text) <= PATH_LENGTH_MAX else text[:PATH_LENGTH_MAX] + "…"
    return f"`{shown}`" if shown else "it"

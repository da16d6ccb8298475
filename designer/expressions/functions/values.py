"""Functions on values of any kind in expressions: JSON, paths, objects. PURE."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta
from typing import Any

from config.lib.errors import Unreadable
from config.lib.json_reader import read_json
from designer.errors import ExpressionError
from designer.expressions.budget import make_room
from designer.problems import truncate

LEVELS_MAX = 64
PATH_LENGTH_MAX = 200
CHARACTERS_PER_VALUE = 4
"""Characters of JSON that cost as much as one value; so short ones as in `[0,0,0]` are counted by half."""


def plain(value: Any) -> Any:
    """JSON of a value that the library returned. Keys are sorted, because the library loses their order."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        raise ExpressionError(f"the result is {value}, which is not a number")
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {_key(key): plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise ExpressionError(f"the result is of type {type(value).__name__}, which JSON does not have")


def _key(key: object) -> str:
    if isinstance(key, str):
        return key
    raise ExpressionError(f"{truncate(key)} cannot be a key: keys are texts")


def get(value: Any, path: str, default: Any = None) -> Any:
    """What stands at a path such as `order.rows.0.id`; the default where something on the way is missing."""
    if len(path) > PATH_LENGTH_MAX:
        raise ExpressionError(f"a path may have {PATH_LENGTH_MAX} characters")
    for key in path.split("."):
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and len(key) < 9 and int(key) < len(value):
            value = value[int(key)]
        else:
            return default
    return value


def merge(*objects: dict[str, Any]) -> dict[str, Any]:
    """One object with the keys of all; of a key that several have, the last one's value."""
    merged: dict[str, Any] = {}
    for one in objects:
        merged.update(one)
    return merged


def to_json(value: Any) -> str:
    """JSON without spaces, with sorted keys."""
    return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> Any:
    make_room(len(text) // CHARACTERS_PER_VALUE)
    try:
        return read_json(text, LEVELS_MAX)
    except Unreadable as error:
        raise ExpressionError(f"'from_json': {error}") from None

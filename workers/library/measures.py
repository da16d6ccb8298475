"""Measures of any JSON data: kind, size, complexity, quality, fingerprint, statistics. PURE.

Scores are from 0 to 1. Large data is sampled: its first `VALUES_MAX` values decide.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeGuard

VALUES_MAX = 200_000
DEEP = 6
KINDS_ALL = 6
WIDE = 20
LONG_TEXT_WORDS = 40
URGENT_WORDS = ("urgent", "critical", "asap", "immediately")
TIME_KEYS = ("timestamp", "time", "date", "at", "day", "month")
SERIES_LENGTH_MIN = 2


def walk(data: Any) -> Iterator[tuple[Any, int]]:
    """Yields every value in the data with its depth, containers included; without recursion."""
    todo: list[tuple[Any, int]] = [(data, 0)]
    while todo:
        value, depth = todo.pop()
        yield value, depth
        if isinstance(value, dict):
            todo += [(member, depth + 1) for member in value.values()]
        elif isinstance(value, list):
            todo += [(item, depth + 1) for item in value]


def sampled(data: Any) -> Iterator[tuple[Any, int]]:
    return islice(walk(data), VALUES_MAX)


def size_of(data: Any) -> int:
    """Characters of the data as text."""
    return len(str(data))


def kind_of(value: Any) -> str:
    """The JSON type: object, list, text, number, boolean or null."""
    if isinstance(value, bool):
        return "boolean"
    names = {dict: "object", list: "list", str: "text", int: "number", float: "number"}
    return names.get(type(value), "null")


def complexity_of(data: Any) -> float:
    """A score: 0.4 for depth, 0.3 for the number of kinds, 0.3 for records that differ in their keys."""
    depth, kinds = 0, set()
    for value, level in sampled(data):
        depth = max(depth, level)
        kinds.add(kind_of(value))
    score = 0.4 * min(depth / DEEP, 1) + 0.3 * len(kinds) / KINDS_ALL + 0.3 * irregularity_of(data)
    return round(min(1.0, score), 3)


def irregularity_of(data: Any) -> float:
    """Share of the records whose keys are not the most frequent ones.

    A single record: by its number of keys.
    """
    records = [value for value, _ in sampled(data) if isinstance(value, dict)]
    if len(records) < 2:
        return min(1.0, sum(map(len, records)) / WIDE)
    usual = Counter(frozenset(record) for record in records).most_common(1)[0][1]
    return 1 - usual / len(records)


def texts_in(data: Any) -> Iterator[str]:
    return (value for value, _ in sampled(data) if isinstance(value, str))


def is_prose(data: Any) -> bool:
    """Whether a text in the data has `LONG_TEXT_WORDS` words or more."""
    return any(len(text.split()) >= LONG_TEXT_WORDS for text in texts_in(data))


def priority_of(data: Any) -> str:
    """low, normal or high: as the data states it, or by words such as "urgent"."""
    stated = data.get("priority") if isinstance(data, dict) else None
    if stated in ("low", "normal", "high"):
        return str(stated)
    if any(word in text.lower() for text in texts_in(data) for word in URGENT_WORDS):
        return "high"
    return "normal" if data else "low"


def type_of(data: Any) -> str:
    """text, number, boolean, empty, record, table, numbers, time_series or list."""
    if data is None or data == [] or data == {}:
        return "empty"
    if isinstance(data, dict):
        return "record"
    if not isinstance(data, list):
        return kind_of(data)
    if len(data) >= SERIES_LENGTH_MIN and all(point_of(item) for item in data):
        return "time_series"
    if all(isinstance(item, dict) for item in data):
        return "table"
    return "numbers" if all(is_number(item) for item in data) else "list"


def point_of(item: Any) -> tuple[str, float] | None:
    """Time and value of a point of a time series: a pair, or a record with one of `TIME_KEYS`.

    None for others.
    """
    if isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and is_number(item[1]):
        return item[0], float(item[1])
    if not isinstance(item, dict):
        return None
    moment = next((item[key] for key in TIME_KEYS if isinstance(item.get(key), str | int)), None)
    value = next((number for key, number in item.items() if key not in TIME_KEYS and is_number(number)), None)
    return None if moment is None or value is None else (str(moment), float(value))


def is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def numbers_in(data: Any) -> list[float]:
    """The numbers in the data, in no particular order."""
    return [float(value) for value, _ in sampled(data) if is_number(value)]


def is_filled(value: Any) -> bool:
    return value is not None and value != "" and value != [] and value != {}


def quality_of(data: Any) -> float:
    """Share of the plain values that are filled in; 0 for data without any."""
    plain = [value for value, _ in sampled(data) if not isinstance(value, dict | list)]
    return round(sum(map(is_filled, plain)) / len(plain), 3) if plain else 0.0


def completeness_of(record: Mapping[str, Any], expected: Iterable[str]) -> float:
    """Share of the expected fields that are filled in; 1 if none is expected."""
    fields = list(expected)
    return sum(is_filled(record.get(field)) for field in fields) / len(fields) if fields else 1.0


def fingerprint_of(data: Any) -> str:
    """The first eight hexadecimal digits of MD5 over the data with sorted keys; not for security."""
    text = json.dumps(data, sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8]


def statistics_of(numbers: Sequence[float]) -> dict[str, float]:
    """count, sum, mean, min and max; of no numbers, the count alone."""
    if not numbers:
        return {"count": 0}
    total = sum(numbers)
    return {
        "count": len(numbers),
        "sum": round(total, 6),
        "mean": round(total / len(numbers), 6),
        "min": min(numbers),
        "max": max(numbers),
    }

"""Differences between two JSON values, path by path, for people to read. PURE."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

CHANGES_MAX = 200
SHOWN_MAX = 300


@dataclass(frozen=True, slots=True)
class Change:
    """One place where a value was added, removed or changed. Values are shown as JSON text."""

    kind: Literal["added", "removed", "changed"]
    path: str
    before: str = ""
    after: str = ""


def changes(before: Any, after: Any) -> list[Change]:
    """Returns at most CHANGES_MAX changes, in the order of the keys. Lists are compared as a whole."""
    return list(islice(_changes(before, after, ""), CHANGES_MAX))


def _changes(before: Any, after: Any, path: str) -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            yield from _of_key(before, after, key, f"{path}.{key}" if path else str(key))
    elif not same(before, after):
        yield Change("changed", path or "(everything)", as_short_text(before), as_short_text(after))


def _of_key(before: Mapping[str, Any], after: Mapping[str, Any], key: str, path: str) -> Iterator[Change]:
    if key not in after:
        yield Change("removed", path, before=as_short_text(before[key]))
    elif key not in before:
        yield Change("added", path, after=as_short_text(after[key]))
    else:
        yield from _changes(before[key], after[key], path)


def same(before: Any, after: Any) -> bool:
    """Whether two values are equal as JSON: `1` and `true` differ, `1` and `1.0` do not."""
    return type(before) is type(after) and before == after or _is_number(before, after) and before == after


def _is_number(*values: Any) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def as_short_text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}…"

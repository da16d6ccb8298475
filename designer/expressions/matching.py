"""Conditions on events that can be looked up by a value instead of being evaluated one by one. PURE.

`event.data.order == context.order_id` holds for events that have at `data.order` the value of the other side.
So a wait with such a condition is found by path and value in an index; the condition as a whole, which may
have more parts joined by `&&`, is evaluated only for what is found there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from designer.expressions.scanner import OPENING, Token, scan

EVENT = "event"
TEXT_INDEXED_MAX = 500
KEY_LENGTH = 32
PATH_LENGTH_MAX = 500
LEAVES_MAX = 100  # of one event that are indexed
DEPTH_MAX = 6
WEAKER = frozenset({"||", "?", ":", "!=", "<", ">", "<=", ">=", "in", ","})


@dataclass(frozen=True, slots=True)
class Lookup:
    """An event fits only if it has at `path`, as `data.order`, the value of the expression `source`."""

    path: str
    source: str


def lookup_of(match: str) -> Lookup | None:
    """Returns how events that fit a condition can be looked up, or None. Raises ExpressionError."""
    parts = _split(scan(match), "&&")
    if any(token.text in ("||", "?") for part in parts for token, depth in _depths(part) if not depth):
        return None
    found = (_equality(match, part) for part in parts)
    return next((lookup for lookup in found if lookup is not None), None)


def _equality(match: str, tokens: Sequence[Token]) -> Lookup | None:
    sides = _split(tokens, "==")
    if len(sides) != 2 or not all(sides):
        return None
    if any(token.text in WEAKER for side in sides for token, depth in _depths(side) if not depth):
        return None
    for side, other in (sides, sides[::-1]):
        path = _path(side)
        if 0 < len(path) <= PATH_LENGTH_MAX and not any(_reads_event(other, at) for at in range(len(other))):
            return Lookup(path, match[other[0].start : other[-1].end])
    return None


def _path(tokens: Sequence[Token]) -> str:
    """The path below `event`, if the tokens are nothing but such a path."""
    names, dots = tokens[::2], tokens[1::2]
    is_path = len(tokens) >= 3 and len(names) == len(dots) + 1 and tokens[0].text == EVENT
    if not is_path or any(dot.text != "." for dot in dots) or any(name.kind != "name" for name in names):
        return ""
    return ".".join(name.text for name in names[1:])


def _reads_event(tokens: Sequence[Token], at: int) -> bool:
    return tokens[at].text == EVENT and not (at and tokens[at - 1].text == ".")


def _split(tokens: Sequence[Token], sign: str) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for token, depth in _depths(tokens):
        if token.text == sign and not depth:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _depths(tokens: Sequence[Token]) -> Iterator[tuple[Token, int]]:
    depth = 0
    for token in tokens:
        depth -= token.text in OPENING.values()
        yield token, depth
        depth += token.text in OPENING


# --- keys of the index ---


def key_of(path: str, value: Any) -> str | None:
    """Returns the key of a value at a path; None for values that are not indexed.

    Equal values have equal keys: numbers are compared by value, as the expression does.
    """
    if value is None or isinstance(value, Mapping | list) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str) and len(value) > TEXT_INDEXED_MAX:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return hashlib.sha256(f"{path}={json.dumps(value)}".encode()).hexdigest()[:KEY_LENGTH]


def value_at(event: Mapping[str, Any], path: str) -> Any:
    value: Any = event
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def keys_in(event: Mapping[str, Any]) -> tuple[set[str], bool]:
    """Returns the keys of what is indexed of an event, and whether that is all of it."""
    keys: set[str] = set()
    pending: list[tuple[str, Any, int]] = [("", event, 0)]
    while pending:
        path, value, depth = pending.pop()
        if isinstance(value, Mapping):
            if depth >= DEPTH_MAX:
                return keys, False
            pending += [(f"{path}.{name}" if path else name, part, depth + 1) for name, part in value.items()]
        elif (key := key_of(path, value)) is not None:
            if len(keys) >= LEAVES_MAX:
                return keys, False
            keys.add(key)
    return keys, True

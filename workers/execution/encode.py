"""Encodes what a worker returned as plain JSON, or refuses it with the reason and the place. PURE.

Datetimes, dates, UUIDs, Decimals and Enums become strings. The size is that of compact UTF-8 JSON, and is
counted during the one walk that also copies and checks: encoding the value first would cost time and memory
without bounds.
"""

from __future__ import annotations

import inspect
import math
from datetime import date
from decimal import Decimal
from enum import Enum
from json.encoder import encode_basestring
from typing import Any
from uuid import UUID

from config.lib.json import LARGE, json_text
from config.lib.json_reader import LEVELS_MAX
from workers.sdk.errors import BadOutput

DEPTH_MAX = LEVELS_MAX
COUNTED_VALUES_MAX = 2_000_000
INTEGER_MAX = 2**63 - 1
PATH_CHARS_MAX = 200
CONTAINER_BYTES = 2  # the brackets
SEPARATOR_BYTES = 1  # a comma or a colon

Path = tuple[str | int, ...]


def encode(value: Any, bytes_max: int) -> Any:
    """Returns a JSON copy of `value`.

    Raises BadOutput, which names the key path, or the size and the limit.
    """
    encoder = Encoder(bytes_max)
    try:
        encoded = encoder.copied(value, ())
    except BadOutput:
        raise
    except Exception as error:  # of the author's own classes: `__str__`, `value`, an odd subclass of dict
        raise BadOutput(f"the output can't be read: {type(error).__name__}: {error}") from error
    if encoder.size > bytes_max:
        raise BadOutput(encoder.too_large())
    return encoded


class Encoder:
    """Walks one value once.

    Past the limit it copies no more and only counts, so that the message can state the size.

    `open` holds the ids of the containers around the current value: one that is met again is a cycle.
    """

    def __init__(self, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        self.size = 0
        self.values = 0
        self.open: set[int] = set()

    def copied(self, value: Any, path: Path) -> Any:
        self.values += 1
        if self.values > COUNTED_VALUES_MAX:
            raise BadOutput(self.too_large())
        if isinstance(value, dict | list | tuple):
            return self.container(value, path)
        scalar = plain(value, path)
        self.size += scalar_bytes(scalar)
        return scalar

    def container(self, value: Any, path: Path) -> Any:
        if id(value) in self.open:
            raise BadOutput(f"{named(path)} refers back to itself; return plain data without cycles")
        if len(path) >= DEPTH_MAX:
            raise BadOutput(f"{named(path)} is nested deeper than {DEPTH_MAX} levels; flatten it")
        self.open.add(id(value))
        self.size += CONTAINER_BYTES + SEPARATOR_BYTES * max(0, len(value) - 1)
        try:
            return self.members(value, path) if isinstance(value, dict) else self.items(value, path)
        finally:
            self.open.discard(id(value))

    def members(self, value: dict[Any, Any], path: Path) -> dict[str, Any]:
        copy: dict[str, Any] = {}
        for key, member in value.items():
            if not isinstance(key, str) or isinstance(key, Enum):
                what = f"{key!r:.60}, of type {type(key).__name__}"
                raise BadOutput(f"a key of {named(path)} is {what}; keys must be strings")
            name = checked_text(str(key), (*path, key))
            self.size += scalar_bytes(name) + SEPARATOR_BYTES
            encoded = self.copied(member, (*path, name))
            if self.size <= self.bytes_max:
                copy[name] = encoded
        return copy

    def items(self, value: list[Any] | tuple[Any, ...], path: Path) -> list[Any]:
        copy: list[Any] = []
        for index, item in enumerate(value):
            encoded = self.copied(item, (*path, index))
            if self.size <= self.bytes_max:
                copy.append(encoded)
        return copy

    def too_large(self) -> str:
        at_least = "more than " if self.values > COUNTED_VALUES_MAX else ""
        return (
            f"the output takes {at_least}{self.size:,} bytes, the limit is {self.bytes_max:,}; "
            "store the data elsewhere and return where it is"
        )


def plain(value: Any, path: Path) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return checked_text(str(value.value), path)
    if isinstance(value, str):
        return checked_text(str(value), path)
    if isinstance(value, int):
        number = int(value)
        if not -INTEGER_MAX <= number <= INTEGER_MAX:
            raise BadOutput(f"{named(path)} is a whole number beyond 64 bits; return it as a string")
        return number
    if isinstance(value, float):
        if not math.isfinite(value):
            raise BadOutput(
                f"{named(path)} is {float(value)}, which JSON has no form for; return null instead"
            )
        return float(value)
    return checked_text(as_text(value, path), path)


def as_text(value: Any, path: Path) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal):
        if value.is_finite():
            return str(value)
        raise BadOutput(f"{named(path)} is {value}, which JSON has no form for; return null instead")
    raise BadOutput(f"{named(path)} is {description(value)}")


def description(value: Any) -> str:
    if inspect.isawaitable(value):
        if inspect.iscoroutine(value):
            value.close()  # else Python warns of it later, far from its cause
        return "a coroutine that was not awaited; await it, or declare the worker with `async def`"
    if hasattr(value, "model_dump"):
        return f"a {type(value).__name__}, not JSON; return its model_dump()"
    return f"a {type(value).__name__}, not JSON; return dicts, lists, strings, numbers, booleans or null"


def checked_text(text: str, path: Path) -> str:
    if "\x00" in text:
        raise BadOutput(f"{named(path)} holds a NUL character, which can't be stored; take it out")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise BadOutput(f"{named(path)} holds half a character (a lone surrogate); decode the text properly")
    return text


def scalar_bytes(value: str | int | float | bool | None) -> int:
    if isinstance(value, str):
        return len(encode_basestring(value).encode())
    if value is None or value is True:
        return 4
    is_large = isinstance(value, float) and abs(value) >= LARGE
    return 5 if value is False else len(json_text(value) if is_large else repr(value))


def named(path: Path) -> str:
    """The place in the output as people write it: `rows[3].price`."""
    parts = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    text = parts.removeprefix(".")
    if len(text) > PATH_CHARS_MAX:
        text = text[:PATH_CHARS_MAX] + "…"
    return f"`{text}` of the output" if text else "the output"

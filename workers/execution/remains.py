"""What can be kept of a result that `encode` refuses, for the undo of what the worker did. PURE.

Nothing is altered: a value is kept as it is or left out. In a list null stands for it, so that places stay.
Values are taken in their order where there is room for them, so that an id behind a huge text is kept.
"""

from __future__ import annotations

from typing import Any

from workers.execution.encode import (
    CONTAINER_BYTES,
    COUNTED_VALUES_MAX,
    DEPTH_MAX,
    SEPARATOR_BYTES,
    checked_text,
    plain,
    scalar_bytes,
)
from workers.sdk.errors import BadOutput

NULL_BYTES = 4
LEFT_OUT = object()


def remains(value: Any, bytes_max: int) -> Any:
    """Returns the part of `value` that can be kept in `bytes_max` bytes of JSON; None if nothing can."""
    part = _Remains(bytes_max).of(value, 0)
    return None if part is LEFT_OUT else part


class _Remains:
    """One walk through a value. `room`: bytes that are left. `open`: containers around the current value."""

    def __init__(self, bytes_max: int) -> None:
        self.room = bytes_max
        self.values = 0
        self.open: set[int] = set()

    def of(self, value: Any, depth: int) -> Any:
        """Returns what can be kept of a value, or `LEFT_OUT`; takes its bytes off the room."""
        self.values += 1
        try:
            if not isinstance(value, dict | list | tuple):
                scalar = plain(value, ())
                return scalar if self._takes(scalar_bytes(scalar)) else LEFT_OUT
            if id(value) in self.open or depth >= DEPTH_MAX or not self._takes(CONTAINER_BYTES):
                return LEFT_OUT
            self.open.add(id(value))
            return self._members(value, depth) if isinstance(value, dict) else self._items(value, depth)
        except Exception:  # of the author's own classes, or a refusal
            return LEFT_OUT
        finally:
            self.open.discard(id(value))

    def _members(self, value: dict[Any, Any], depth: int) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, member in value.items():
            if self.values > COUNTED_VALUES_MAX:
                break
            name, before = _name(key), self.room
            if name is None or not self._takes(scalar_bytes(name) + 2 * SEPARATOR_BYTES):
                continue
            part = self.of(member, depth + 1)
            if part is LEFT_OUT:
                self.room = before
            else:
                kept[name] = part
        return kept

    def _items(self, value: list[Any] | tuple[Any, ...], depth: int) -> list[Any]:
        kept: list[Any] = []
        for item in value:
            if self.values > COUNTED_VALUES_MAX or not self._takes(NULL_BYTES + SEPARATOR_BYTES):
                break
            self.room += NULL_BYTES
            before = self.room
            part = self.of(item, depth + 1)
            if part is LEFT_OUT:
                self.room, part = before - NULL_BYTES, None
            kept.append(part)
        return kept

    def _takes(self, size: int) -> bool:
        if size > self.room:
            return False
        self.room -= size
        return True


def _name(key: Any) -> str | None:
    """Returns a key as it is kept; None if it cannot be."""
    if type(key) is not str:
        return None
    try:
        return checked_text(key, ())
    except BadOutput:
        return None

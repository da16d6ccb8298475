"""Reads values of a worker's context. Refusals name the key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workers import CriticalFailure


def required(context: Mapping[str, Any], key: str) -> Any:
    """Returns the value under `key`.

    Raises CriticalFailure if neither the input nor an earlier step gives it.
    """
    if key not in context:
        raise CriticalFailure(f"{key}: missing; neither the input nor an earlier step gives it")
    return context[key]


def whole_number(context: Mapping[str, Any], key: str, default: int, *, least: int, most: int) -> int:
    """Returns the number under `key`, or the default. Raises CriticalFailure for any other value."""
    number = context.get(key)
    if number is None:
        return default
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
        raise CriticalFailure(f"{key}: expected a whole number from {least} to {most}, got {number!r:.80}")
    return number


def list_of(context: Mapping[str, Any], key: str) -> list[Any]:
    """Returns the list under `key`. Raises CriticalFailure for any other value."""
    items = required(context, key)
    if not isinstance(items, list):
        raise CriticalFailure(f"{key}: expected a list, got {type(items).__name__}")
    return items

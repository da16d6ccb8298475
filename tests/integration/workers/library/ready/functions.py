"""Functions that the tests of `python_function` call, and what they must not reach."""

from __future__ import annotations

from os import getcwd
from typing import Any

__all__ = ["getcwd"]

LIMIT = 3


def total(prices: list[float], tax: float = 0.0) -> dict[str, Any]:
    return {"total": sum(prices) * (1 + tax)}


async def later(text: str) -> str:
    return f"{text} later"


def _private() -> None:
    raise AssertionError

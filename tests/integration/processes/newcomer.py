"""A worker that only some processes of a test have."""

from __future__ import annotations

from typing import Any

from workers import worker


@worker("newcomer")
def newcomer(context: dict[str, Any]) -> dict[str, Any]:
    return {}

"""How much of a run searches look at. PURE."""

from __future__ import annotations

from typing import Any

import orjson

TEXT_LENGTH_MAX = 10_000  # characters of an input
LABEL_LENGTH_MAX = 200


def searchable(value: Any) -> str:
    """The beginning of an input as text."""
    return orjson.dumps(value).decode()[:TEXT_LENGTH_MAX]

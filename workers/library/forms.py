"""What the params models of ready-made workers share: how fields are shown, and lists written as a text."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

LINES: dict[str, Any] = {"format": "multiline"}
"""Of a text field: it is shown with several lines."""


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


TextList = Annotated[
    list[str],
    BeforeValidator(_split),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""Texts, as a list or as one text with commas between them."""

"""A form field for JSON, and JSON as text that people edit."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from config.lib.errors import Unreadable
from config.lib.json_reader import NotJson, read_json
from runs.machine.limits import INPUT_BYTES_MAX


class JsonField(forms.CharField):
    """JSON typed by hand. `cleaned_data` holds the value, or None if the field is empty."""

    def __init__(self, *, rows: int = 4, needs_object: bool = False, **kwargs: Any) -> None:
        attrs = {"rows": rows, "class": "textarea code", "spellcheck": "false", "autocomplete": "off"}
        widget = forms.Textarea(attrs={**attrs, "data-bytes-max": INPUT_BYTES_MAX})
        super().__init__(widget=widget, strip=False, **kwargs)
        self.needs_object = needs_object

    def clean(self, value: str) -> Any:
        text = super().clean(value)
        if not text.strip():
            return None
        parsed = parse_json(text)
        if self.needs_object and not isinstance(parsed, dict):
            raise ValidationError('This must be a JSON object, such as {"key": 1}.')
        return parsed


def parse_json(text: str) -> Any:
    """Returns the JSON value in `text`. Raises ValidationError, which says where it is broken."""
    size = len(text.encode())
    if size > INPUT_BYTES_MAX:
        raise ValidationError(f"This is {size:,} bytes long; the limit is {INPUT_BYTES_MAX:,}. Shorten it.")
    try:
        return read_json(text)
    except NotJson as error:
        message = f"Line {error.line}, column {error.column}: {error.what}. This is not JSON yet."
        raise ValidationError(message) from error
    except Unreadable as error:
        raise ValidationError(str(error)) from error


def as_text(value: Any) -> str:
    """Returns a JSON value as people edit it."""
    return json.dumps(value, indent=2, ensure_ascii=False)

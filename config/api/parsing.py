"""Parser of request bodies: JSON that can be stored unchanged."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from config.lib.json import read_json


class StrictParser(Parser):
    """Refuses NaN, infinite numbers, and integers of more than 64 bits."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Raises Unreadable; ninja turns it into an HttpError 400 with this exception as its cause."""
        return read_json(request.body)

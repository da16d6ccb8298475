"""How bodies of calls are read: as JSON that can be stored as it is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from config.lib.json import read_json


class StrictParser(Parser):
    """Without NaN, infinite numbers, and whole numbers of more than 64 bits."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Raises Unreadable, which ninja turns into a 400 that is caused by it."""
        return read_json(request.body)

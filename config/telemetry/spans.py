"""What is said about a span that has ended. Knows no SDK."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Span:
    """`parent`: of the same trace. `links`: ids of spans of the same trace. `error`: code and message."""

    name: str
    id: int
    parent: int | None
    start: datetime
    end: datetime
    attributes: Mapping[str, str | int | bool] = field(default_factory=dict)
    links: tuple[int, ...] = ()
    error: tuple[str, str] | None = None

"""Counts that stop, so that no backlog makes a page slow. Reading only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

COUNTED_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Tally:
    """A number of rows; with `is_more` there are more, which were not counted."""

    count: int
    is_more: bool = False

    def __str__(self) -> str:
        return f"{self.count:,}{'+' if self.is_more else ''}"

    def __bool__(self) -> bool:
        return self.count > 0


def tally(rows: QuerySet[Any], most: int = COUNTED_MAX) -> Tally:
    """Counts the rows up to `most`; an order of `rows` says by which index they are read."""
    count = rows[: most + 1].count()
    return Tally(min(count, most), count > most)


def total(tallies: Iterable[Tally]) -> Tally:
    parts = list(tallies)
    return Tally(sum(part.count for part in parts), any(part.is_more for part in parts))

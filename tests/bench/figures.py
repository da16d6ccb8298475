"""What a workload measured, and the bars it is held against. Plain data, no measuring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

SQLITE, POSTGRESQL = "sqlite", "postgresql"


@dataclass(frozen=True)
class Bar:
    """A limit on a figure: at most `limit`, or at least it."""

    limit: float
    at_least: bool = False

    def holds(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"


@dataclass(frozen=True)
class Figure:
    """One measured value. `unit`: `x` for a ratio to `of`, else ms, s, MB, %, bytes or steps/s."""

    workload: str
    what: str
    value: float
    unit: str
    bar: Bar | None = None

    @property
    def holds(self) -> bool | None:
        return None if self.bar is None else self.bar.holds(self.value)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "holds": self.holds}


def figure_of(data: Mapping[str, Any]) -> Figure:
    """What `Figure.as_json` gave."""
    bar = Bar(**data["bar"]) if data["bar"] else None
    return Figure(data["workload"], data["what"], data["value"], data["unit"], bar)


def median(values: list[float]) -> float:
    return quantile(values, 0.5)


def quantile(values: list[float], share: float) -> float:
    """The value below which `share` of all lie; the nearest one that was measured."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

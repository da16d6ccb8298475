"""What a rehearsal has found, as far as it has come. PURE."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workers.rehearsal.job import BAD


@dataclass
class Report:
    """Takes the events of a rehearsal, in their order."""

    workflow: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    cells: list[dict[str, Any]] = field(default_factory=list)
    examined: list[dict[str, Any]] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    barred: list[str] = field(default_factory=list)
    planned: int = 0
    refused: str = ""
    is_ended: bool = False

    def take(self, event: dict[str, Any]) -> None:
        facts = {key: value for key, value in event.items() if key != "kind"}
        if event["kind"] == "rows":
            self.rows, self.checks = facts["rows"], facts["checks"]
            self.planned, self.barred = facts["cells"] + 1, facts["barred"]
        elif event["kind"] == "cell":
            self.cells.append(facts)
        elif event["kind"] == "examined":
            self.examined.append(facts)
        elif event["kind"] == "refused":
            self.refused = facts["message"]
        else:
            self.is_ended = True

    @property
    def bad_cells(self) -> list[dict[str, Any]]:
        return [cell for cell in self.cells if cell["verdict"] in BAD]

    @property
    def bad_undos(self) -> list[dict[str, Any]]:
        """Compensations that an examination has shown not to be idempotent."""
        return [found for found in self.examined if any(one["problem"] for one in found["findings"])]

    @property
    def is_bad(self) -> bool:
        return bool(self.bad_cells or self.bad_undos)

    @property
    def ms(self) -> int:
        return sum(cell["ms"] for cell in self.cells)

    def as_json(self) -> dict[str, Any]:
        return {
            "workflow": self.workflow,
            "ok": not self.is_bad,
            "complete": self.is_ended,
            "planned": self.planned,
            "checks": self.checks,
            "barred": self.barred,
            "rows": self.rows,
            "cells": self.cells,
            "examined": self.examined,
            "refused": self.refused,
        }

    def as_line(self) -> str:
        bad, undos = len(self.bad_cells), len(self.bad_undos)
        verdict = "good" if not self.is_bad else f"{bad} runs and {undos} undos are not"
        return (
            f"{self.workflow}: {len(self.cells)} runs of {len(self.rows)} steps, "
            f"{len(self.examined)} undos examined, in {self.ms / 1000:.1f} s: {verdict}"
        )

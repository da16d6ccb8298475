"""The faults of a rehearsal, as a table. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from workers.execution.forked import How, Point, Strike

FaultId = Literal[
    "fails_before", "fails_after", "times_out", "killed_before", "killed_after", "undo_fails", "undo_killed"
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which an attempt goes wrong.

    `point`: before or after the worker's effect. `lasts`: it strikes every attempt, not only the first.
    `title` heads its column, `sentence` describes it with `{step}` for the step.
    """

    id: FaultId
    how: How
    point: Point
    title: str
    sentence: str
    lasts: bool = False
    of_undo: bool = False

    @property
    def strike(self) -> Strike:
        return Strike(self.how, self.point)


FAULTS: tuple[Fault, ...] = (
    Fault(
        "fails_before",
        "raise",
        "before",
        "fails before its effect",
        "every attempt of {step} fails before it has done anything",
        lasts=True,
    ),
    Fault(
        "fails_after",
        "lose",
        "after",
        "fails after its effect",
        "every attempt of {step} does its work and does not know it",
        lasts=True,
    ),
    Fault(
        "times_out",
        "time_out",
        "after",
        "times out",
        "the first attempt of {step} does its work and outlasts its timeout",
    ),
    Fault(
        "killed_before",
        "kill",
        "before",
        "killed before its effect",
        "the worker process of {step} is killed before the first attempt has done anything",
    ),
    Fault(
        "killed_after",
        "kill",
        "after",
        "killed after its effect",
        "the worker process of {step} is killed after the first attempt has done its work",
    ),
    Fault(
        "undo_fails",
        "raise",
        "before",
        "undo fails once",
        "the run is cancelled after {step}, and the first attempt of its undo fails",
        of_undo=True,
    ),
    Fault(
        "undo_killed",
        "kill",
        "after",
        "undo killed after its effect",
        "the run is cancelled after {step}, and the process of its undo is killed after its work",
        of_undo=True,
    ),
)
FAULT: Mapping[str, Fault] = {fault.id: fault for fault in FAULTS}

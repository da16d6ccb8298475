"""The workers of the simulation: their effects on the world, and the outcomes that they report.

Each step of a run has one effect, which is there or not, and its fallback another one (`key:fallback`). A
forward attempt creates it and an undo removes it; with an unknown outcome that may have happened or not, and
only the verify worker can tell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random
from typing import Any

from designer.document.graph import Step
from tests.simulation.workflows import BAD, BAD_CONDITIONS, VALUES, make_undo, nested
from workers.sdk.outcome import Direction, Failure, Outcome

FORWARD = {
    "succeeded": 56,
    "refused": 5,
    "failed": 12,
    "critical": 4,
    "said_no": 3,
    "asks": 6,
    "person": 4,
    "unknown": 10,
}
UNDO = {"succeeded": 60, "failed": 14, "critical": 5, "asks": 5, "person": 5, "unknown": 11}
REFUSAL = Failure("bad_output", "no output")
REFUSED = (
    Outcome("failed", {"id": 1}, REFUSAL, acted=True),
    Outcome("failed", None, REFUSAL, acted=True),
    Outcome("succeeded", {"x": math.nan}),  # what no worker process has refused, the rules refuse
    Outcome("succeeded", {"x": "\0"}),
    Outcome("succeeded", nested(201)),
)
CODES = {"person": "intervention_requested", "said_no": "returned_failed"}
VERIFY = {"succeeded": 75, "failed": 12, "unknown": 13}


@dataclass
class Effects:
    """The effects that are there now, by run and step. `faults`: the share of attempts that may go wrong."""

    rng: Random
    there: set[tuple[str, str]] = field(default_factory=set)
    faults: float = 0.0

    def attempt(
        self, run: str, key: str, step: Step, direction: Direction, idempotency_key: str
    ) -> tuple[Outcome, tuple[Step, ...]]:
        """Carries out one attempt. Returns its outcome and the steps that it adds."""
        kind = self._draw({"undo": UNDO, "verify": VERIFY}.get(direction, FORWARD))
        place = (run, idempotency_key.removeprefix(f"{run}:"))
        if direction == "verify":
            return self._verify(kind, place), ()
        has_effect = kind in ("succeeded", "refused") or (kind == "unknown" and self.rng.random() < 0.5)
        if has_effect and direction == "undo":
            self.there.discard(place)
        elif has_effect:
            self.there.add(place)
        added = self._added(key) if step.dynamic and kind == "succeeded" and direction == "forward" else ()
        return self._outcome(kind, key), added

    def by_hand(self, run: str, idempotency_key: str, *, is_undo: bool) -> None:
        place = (run, idempotency_key.removeprefix(f"{run}:"))
        (self.there.discard if is_undo else self.there.add)(place)

    def _draw(self, weights: dict[str, int]) -> str:
        if self.rng.random() >= self.faults:
            return "succeeded"
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def _verify(self, kind: str, place: tuple[str, str]) -> Outcome:
        if kind != "succeeded":
            return self._outcome(kind, place[1])
        if place in self.there:
            output = {"output": {"v": 1}} if self.rng.random() < 0.8 else {}
            return Outcome("succeeded", {"outcome": "done", **output})
        return Outcome("succeeded", {"outcome": "not_done"})

    def _outcome(self, kind: str, key: str) -> Outcome:
        number = self.rng.randrange(VALUES)
        failure = Failure(CODES.get(kind, kind), f"{key}: {kind}")
        match kind:
            case "succeeded":
                plain: list[Any] = [None, number, [number]]
                full = {key.partition("[")[0]: number, "v": number}
                return Outcome("succeeded", full if self.rng.random() < 0.85 else self.rng.choice(plain))
            case "refused":
                return self.rng.choice(REFUSED)
            case "failed":
                return Outcome("failed", failure=failure, retryable=True)
            case "critical":
                return Outcome("failed", failure=failure)
            case "said_no":
                return Outcome("failed", {"status": "failed", "v": number}, failure)
            case "asks":
                delay = self.rng.choice((None, 0.0, 7.0))
                answer = {"status": "retry_needed", "retry_count": number}
                return Outcome("retry_needed", answer, retryable=True, delay=delay)
            case "person":
                return Outcome("intervention", {"v": number}, failure)
            case _:
                return Outcome("unknown", failure=failure, retryable=True)

    def _added(self, key: str) -> tuple[Step, ...]:
        if not self.rng.random() < 0.8:
            return ()
        names = [f"{key}_{letter}" for letter in "ab"[: self.rng.choice((1, 2))]]
        return tuple(
            Step(
                name,
                worker="work",
                timeout=5.0,
                on_failure="compensate",
                compensation=make_undo(self.rng),
                when=self.rng.choice(BAD_CONDITIONS) if self.rng.random() < BAD else None,
            )
            for name in names
        )

"""The faults that are explored, as a table. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from workers.sdk.outcome import Direction, Failure, Outcome, OutcomeKind

Id = Literal[
    "fails",
    "fails_wholly",
    "times_out_done",
    "times_out_not_done",
    "worker_lost",
    "asks",
    "undo_fails_once",
    "undo_fails",
    "undo_times_out",
    "undo_times_out_not_done",
]
CODE_USUAL = "failed"
CODES: Mapping[OutcomeKind, str] = {"unknown": "timeout", "intervention": "intervention_requested"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which an attempt goes wrong.

    `has_effect`: the attempt did its work all the same. `lasts`: so do the other attempts of the step.
    `sentence`: with `{step}` for its name.
    """

    id: Id
    direction: Direction
    kind: OutcomeKind
    sentence: str
    has_effect: bool = False
    lasts: bool = False
    retryable: bool = False
    with_fallback_only: bool = False

    def outcome(self, code: str) -> Outcome:
        failure = Failure(CODES.get(self.kind, code), f"Explored: {code}.")
        return Outcome(
            self.kind, {} if self.kind == "intervention" else None, failure, retryable=self.retryable
        )


FAULTS: tuple[Fault, ...] = (
    Fault("fails", "forward", "failed", "{step} fails for good"),
    Fault(
        "fails_wholly",
        "forward",
        "failed",
        "{step} and its fallback fail for good",
        lasts=True,
        with_fallback_only=True,
    ),
    Fault(
        "times_out_done",
        "forward",
        "unknown",
        "{step} times out, though it did its work",
        has_effect=True,
        lasts=True,
        retryable=True,
    ),
    Fault(
        "times_out_not_done",
        "forward",
        "unknown",
        "{step} times out and did nothing",
        lasts=True,
        retryable=True,
    ),
    Fault(
        "worker_lost",
        "forward",
        "unknown",
        "{step} does its work, and its worker process dies",
        has_effect=True,
        lasts=True,
        retryable=True,
    ),
    Fault("asks", "forward", "intervention", "{step} asks for a person"),
    Fault("undo_fails_once", "undo", "failed", "the undo of {step} fails once", retryable=True),
    Fault("undo_fails", "undo", "failed", "the undo of {step} fails for good"),
    Fault(
        "undo_times_out",
        "undo",
        "unknown",
        "the undo of {step} times out, though it did its work",
        has_effect=True,
        retryable=True,
    ),
    Fault(
        "undo_times_out_not_done",
        "undo",
        "unknown",
        "the undo of {step} times out and did nothing",
        retryable=True,
    ),
)
FAULT: Mapping[str, Fault] = {fault.id: fault for fault in FAULTS}


@dataclass(frozen=True, slots=True)
class Injected:
    """A fault at a step. `path`: that of its run within the exploration; `key`: of the step in the run."""

    fault: Id
    path: str
    key: str
    code: str = CODE_USUAL

    @property
    def is_plain(self) -> bool:
        """Whether it is the failure that stands for the others where not all can be tried."""
        return self.fault in ("fails", "undo_fails") and self.code == CODE_USUAL

    @property
    def sentence(self) -> str:
        told = FAULT[self.fault].sentence.format(step=f"{self.path}{self.key}")
        is_named = self.code != CODE_USUAL and FAULT[self.fault].kind == "failed"
        return f"{told} ({self.code})" if is_named else told

"""The step handle: what a running worker knows of its step, and how it reports while it runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from config.lib.secrets import redact
from workers.sdk.limits import LOG_CHARS_MAX, LOG_LINES_MAX
from workers.sdk.outcome import Direction

OnLog = Callable[[str], None]
OnProgress = Callable[[float, str], None]
IsCancelled = Callable[[], bool]


@dataclass
class StepHandle:
    """The argument of a worker that takes `step`.

    `idempotency_key` names the effect. It is the same over all attempts, and the same for a step and for its
    compensation and verification; a step's fallback, which has an effect of its own, has another one. With
    `of_fallback` the call is the fallback's, or verifies or undoes its effect. `deadline` is when this
    attempt times out, in UTC. `secrets` are masked in all that the worker reports and returns.
    `may_simulate`: shipped workers obey `simulate` in the run's input. `is_rehearsal`: the run is a
    rehearsal, and nothing outside its sandbox may be touched.
    """

    run_id: str
    name: str
    attempt: int
    idempotency_key: str
    deadline: datetime
    on_log: OnLog | None = None
    on_progress: OnProgress | None = None
    is_cancelled: IsCancelled | None = None
    lines: int = 0
    secrets: list[Any] = field(default_factory=list)
    may_simulate: bool = True
    of_fallback: bool = False
    direction: Direction = "forward"
    is_rehearsal: bool = False

    @property
    def request_key(self) -> str:
        """The key that goes to outside services: the same over attempts, another one for the undo.

        A service that has seen a key answers with what it did then, so a refund must not come under the key
        of its charge.
        """
        is_act = self.direction in ("forward", "fallback")
        return self.idempotency_key if is_act else f"{self.idempotency_key}:{self.direction}"

    def conceal(self, *secrets: Any) -> None:
        """Has these values masked wherever they stand in what the worker reports, returns or raises."""
        self.secrets += secrets

    def log(self, *parts: object) -> None:
        """Logs a line.

        Lines are cut at 2,000 characters; those after the 1,000th of an attempt are dropped.
        """
        self.lines += 1
        if self.on_log and self.lines <= LOG_LINES_MAX:
            self.on_log(redact(" ".join(map(str, parts)), self.secrets)[:LOG_CHARS_MAX])

    def progress(self, fraction: float, message: str = "") -> None:
        """Reports how much is done, from 0 to 1; other values are clamped.

        Raises ValueError for NaN and infinity.
        """
        if not math.isfinite(fraction):
            raise ValueError(f"progress must be a number from 0 to 1, got {fraction}")
        if self.on_progress:
            text = redact(str(message), self.secrets)[:LOG_CHARS_MAX]
            self.on_progress(min(1.0, max(0.0, float(fraction))), text)

    @property
    def cancelled(self) -> bool:
        """Whether the attempt should stop by itself: it is past its deadline, or was cancelled."""
        if datetime.now(UTC) >= self.deadline:
            return True
        return bool(self.is_cancelled and self.is_cancelled())

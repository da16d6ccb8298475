"""Worker calls of a step beside its own, retry policies, and the values of an undo slot. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

OnFailure = Literal["compensate", "continue", "pause"]
NO_UNDO: Literal["none"] = "none"
IRREVERSIBLE: Literal["irreversible"] = "irreversible"

ON_FAILURE: tuple[OnFailure, ...] = ("compensate", "continue", "pause")


@dataclass(frozen=True, slots=True)
class Retry:
    """Retry policy. Delay in seconds before attempt n+1: `min(max, initial * factor**(n-1))`, then jittered.

    `asks_max` bounds the "retry_needed" answers of a worker. `designer.document.resolve` sets it to
    `max_attempts - 1` where the step or its worker states `max_attempts`, so that the two agree.
    """

    max_attempts: int = 3
    initial: float = 1.0
    factor: float = 2.0
    max: float = 30.0
    jitter: float = 0.1
    asks_max: int = 10


@dataclass(frozen=True, slots=True)
class Action:
    """A worker call beside a step's own: a compensation, a fallback or a verification."""

    worker: str
    params: Mapping[str, Any] = field(default_factory=dict)
    timeout: float | None = None
    retry: Retry | None = None
    queue: str | None = None


Undo = Action | Literal["none", "irreversible"] | None

"""What an attempt came to. PURE: shared by the worker process and the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Direction = Literal["forward", "undo", "verify", "fallback"]
OutcomeKind = Literal["succeeded", "failed", "retry_needed", "intervention", "unknown"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt did not succeed. `traceback` is text for staff; never locals, never secrets."""

    code: str
    message: str
    type: str = ""
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt's result.

    * `succeeded`: `output` is the JSON value that the worker returned
    * `failed`: for good unless `retryable`; `output` is the returned dict, if it returned one
    * `retry_needed`: the worker asks for another attempt, after `delay` seconds (None: the policy's)
    * `intervention`: the worker asks for a person
    * `unknown`: nobody knows whether the effect happened (timeout, lost worker)
    """

    kind: OutcomeKind
    output: Any = None
    failure: Failure | None = None
    retryable: bool = False
    delay: float | None = None

"""The outcome of an attempt, as the worker process reports it to the engine. PURE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Direction = Literal["forward", "undo", "verify", "fallback"]
OutcomeKind = Literal["succeeded", "failed", "retry_needed", "intervention", "unknown"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt did not succeed. `traceback` is text for staff; never locals, never secrets.

    `cause`: the code of the error that ended a child run, where `code` says only that it failed.
    """

    code: str
    message: str
    type: str = ""
    traceback: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt's result.

    * `succeeded`: `output` is the JSON value that the worker returned
    * `failed`: not retried unless `retryable`; `output` is the returned dict, if it returned one
    * `failed` and `acted`: the worker did its work and only its result is refused; `output` is what can be
      kept of the result, for the undo alone
    * `retry_needed`: the worker asks for another attempt, after `delay` seconds (None: the policy's)
    * `intervention`: the worker asks for a person
    * `unknown`: it is not known whether the effect happened (timeout, lost worker process)
    """

    kind: OutcomeKind
    output: Any = None
    failure: Failure | None = None
    retryable: bool = False
    delay: float | None = None
    acted: bool = False

"""Classifies every result and every exception of a worker as an outcome. PURE.

The rules are those of docs/semantics.md, "Results: what a worker may say". Compensations follow the same
table as steps, with one more way to ask for a person; verifications have a table of their own.
"""

from __future__ import annotations

import math
from typing import Any

from workers.execution.tracebacks import MESSAGE_CHARS_MAX, message_of, traceback_of
from workers.sdk.errors import (
    AttemptTimedOut,
    CriticalFailure,
    NamedFailure,
    TemporaryFailure,
    UnknownOutcome,
)
from workers.sdk.limits import DELAY_S_MAX, ERROR_CODE
from workers.sdk.outcome import Direction, Failure, Outcome, OutcomeKind

FAILED_STATUSES = frozenset({"failed", "validation_failed"})
INTERVENTION_FLAGS: dict[Direction, tuple[str, ...]] = {
    "forward": ("requires_intervention",),
    "fallback": ("requires_intervention",),
    "undo": ("requires_intervention", "requires_manual_intervention"),
}


def classify(output: Any, direction: Direction) -> Outcome:
    """Returns the outcome of an attempt that returned `output`, a JSON value."""
    if direction == "verify":
        return classify_verification(output)
    if not isinstance(output, dict):
        return Outcome("succeeded", output)
    status = output.get("status")
    if not isinstance(status, str):
        status = ""
    asks_for_person = any(output.get(flag) is True for flag in INTERVENTION_FLAGS[direction])
    if asks_for_person or status == "critical_failure":
        return Outcome("intervention", output, Failure("intervention_requested", reason_of(output)))
    if status in FAILED_STATUSES:
        code, cause = _name_in(output, "code") or "returned_failed", _name_in(output, "cause")
        return Outcome("failed", output, Failure(code, reason_of(output), cause=cause))
    if status == "retry_needed":
        delay = delay_of(output)
        if delay is not None and delay > DELAY_S_MAX:
            limit = f"the limit is {DELAY_S_MAX:,.0f} seconds (366 days)"
            return refused("bad_output", f"`next_attempt_delay` is {delay:,.0f} seconds; {limit}")
        failure = Failure("retry_needed", reason_of(output))
        return Outcome("retry_needed", output, failure, retryable=True, delay=delay)
    return Outcome("succeeded", output)


def classify_verification(output: Any) -> Outcome:
    """Accepts `{"outcome": "done", "output": {…}}` and `{"outcome": "not_done"}`."""
    answer = output.get("outcome") if isinstance(output, dict) else None
    if answer == "done":
        return Outcome("succeeded", {"outcome": "done", "output": output.get("output", {})})
    if answer == "not_done":
        return Outcome("succeeded", {"outcome": "not_done"})
    message = 'a verification answers {"outcome": "done", "output": {…}} or {"outcome": "not_done"}'
    return refused("bad_output", f"{message}, not {output!r:.200}")


def classify_exception(error: BaseException, timeout: float) -> Outcome:
    """Returns the outcome of an attempt that raised `error`; `timeout` is in seconds."""
    if isinstance(error, AttemptTimedOut):
        message = f"stopped after its timeout of {timeout:g} s; nobody knows whether it took effect"
        failure = Failure("timeout", message, traceback=traceback_of(error))
        return Outcome("unknown", failure=failure, retryable=True)
    critical = isinstance(error, CriticalFailure)
    code, cause = (error.code, error.cause) if isinstance(error, NamedFailure) else ("", "")
    failure = Failure(
        code=code or ("critical" if critical else "exception"),
        message=message_of(error),
        type=type(error).__name__,
        traceback=traceback_of(error),
        cause=cause,
    )
    kind: OutcomeKind = "unknown" if isinstance(error, UnknownOutcome) else "failed"
    return Outcome(kind, failure=failure, retryable=not critical, delay=_asked_delay(error))


def _asked_delay(error: BaseException) -> float | None:
    """Seconds until the next attempt that a TemporaryFailure asks for, within the bounds of all delays."""
    delay = error.retry_after if isinstance(error, TemporaryFailure) else None
    is_number = isinstance(delay, int | float) and not isinstance(delay, bool) and math.isfinite(delay)
    return min(max(0.0, float(delay)), DELAY_S_MAX) if delay is not None and is_number else None


def refused(code: str, message: str) -> Outcome:
    """A failure that is not retried and has no traceback: a rule of the product refuses the attempt."""
    return Outcome("failed", failure=Failure(code, message[:MESSAGE_CHARS_MAX]))


def _name_in(output: dict[str, Any], key: str) -> str:
    """A name that the worker gives its failure; empty if it gives none that can be matched with patterns."""
    name = output.get(key)
    return name if isinstance(name, str) and ERROR_CODE.fullmatch(name) else ""


def reason_of(output: dict[str, Any]) -> str:
    """The worker's own reason, from the keys that workers usually give one under."""
    for key in ("error", "message", "reason", "errors", "primary_error"):
        if output.get(key):
            return str(output[key])[:MESSAGE_CHARS_MAX]
    status = output.get("status")
    return f"returned status {status!r:.100}" if status else "asked for a person"


def delay_of(output: dict[str, Any]) -> float | None:
    """Seconds until the next attempt; None, which means the policy's delay, if the worker gives no number."""
    delay = output.get("next_attempt_delay")
    if isinstance(delay, bool) or not isinstance(delay, int | float) or not math.isfinite(delay):
        return None
    return max(0.0, float(delay))

"""The retry policy: what an attempt calls, how long it may take, and when another one follows. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from designer.document.calls import Action, Retry, policies
from designer.document.graph import Step
from designer.document.limits import DEFAULT_QUEUE, DEFAULT_TIMEOUT_S
from runs.machine.acts import is_unknown
from runs.machine.states import StepState, StepStatus, UndoStatus
from workers.sdk.limits import DELAY_S_MAX
from workers.sdk.outcome import Direction, Failure, Outcome

LEASE_GRACE_S = 15.0  # how long after its timeout an attempt may still report
MAP_WINDOW = 64  # items of one map that are under way at a time, so that other runs get their turn


def action_of(step: Step, direction: Direction) -> Action:
    """Returns the action of a step in one direction. Raises ValueError if the step has none."""
    if direction == "forward":
        return step.own
    action = {"fallback": step.fallback, "verify": step.verify, "undo": step.undo}[direction]
    if action is None:
        raise ValueError(f"step {step.name} has no {direction} worker")
    return action


def answer_of(outcome: Outcome) -> Mapping[str, Any]:
    """Returns the output of a verification; {} if the verification did not succeed."""
    is_answer = outcome.kind == "succeeded" and isinstance(outcome.output, Mapping)
    return outcome.output if is_answer else {}


def failure_of(state: StepState) -> Failure:
    """Returns the last error of a step as a failure."""
    error = state.error or {}
    parts = {name: error.get(name, "") for name in ("type", "traceback", "cause")}
    return Failure(error.get("code", "failed"), error.get("message", ""), **parts)


def next_direction(step: Step, state: StepState) -> Direction:
    """Returns the direction of a step's next attempt.

    Before an undo, the verify worker, if there is one, is asked about an unknown outcome.
    """
    if state.undo != UndoStatus.PENDING:
        return state.phase
    may_ask = is_unknown(state) and step.verify is not None and not state.undo_verified
    return "verify" if may_ask else "undo"


def queue_of(step: Step, action: Action) -> str:
    return action.queue or step.queue or DEFAULT_QUEUE


def limit_of(step: Step, action: Action) -> str | None:
    """Returns the named limit that a call takes a slot of: its own or its worker's, else the step's."""
    return action.limit or step.limit


def held_limit(step: Step, state: StepState) -> str | None:
    """Returns the limit of which the attempt under way holds a slot."""
    is_running = state.status == StepStatus.RUNNING or state.undo == UndoStatus.RUNNING
    is_leased = is_running and state.due_at is not None
    return limit_of(step, action_of(step, state.phase)) if is_leased and step.limits else None


def timeout_of(action: Action) -> float:
    """Seconds that one attempt may take."""
    return action.timeout or DEFAULT_TIMEOUT_S


def lease_until(action: Action, at: datetime) -> datetime:
    return at + timedelta(seconds=timeout_of(action) + LEASE_GRACE_S)


def delay_s(retry: Retry, failures: int, jitter: float) -> float:
    """Seconds before the attempt that follows failure number `failures`; `jitter` in [-1, 1].

    Exponential backoff: min(max, initial · factor^(failures - 1)), times 1 ± the jitter's share.
    """
    exponent = min(failures - 1, 64)  # bounds the power, which must stay a float
    plain = min(retry.max, retry.initial * retry.factor**exponent)
    return max(0.0, plain * (1 + retry.jitter * jitter))


def codes_of(failure: Failure | None) -> tuple[str, ...]:
    """Returns what patterns of error codes are compared with: the code, and that of what caused it."""
    return () if failure is None else (failure.code, failure.cause) if failure.cause else (failure.code,)


def policy_for(action: Action, outcome: Outcome) -> Retry | None:
    """Returns the first policy that fits the error, None if none does; any is one for a worker that asks."""
    known = policies(action.retry)
    fitting = (policy for policy in known if policy.fits(codes_of(outcome.failure)))
    return next(fitting, known[0] if outcome.kind == "retry_needed" else None)


def may_retry(action: Action, state: StepState, outcome: Outcome) -> bool:
    """Whether the policy grants another attempt after `outcome`, which is not counted yet.

    What counts is how often the step has failed, whichever policy was for the errors before.
    """
    policy = policy_for(action, outcome)
    if policy is None:
        return False
    if outcome.kind == "retry_needed":
        return state.asked < policy.asks_max
    is_final = outcome.kind == "failed" and not outcome.retryable
    return not is_final and state.failures + 1 < policy.max_attempts


def retry_at(action: Action, state: StepState, outcome: Outcome, at: datetime, jitter: float) -> datetime:
    """Returns when the next attempt may begin; a delay that the worker asked for wins over the policy."""
    if outcome.delay is not None:
        return at + timedelta(seconds=min(max(outcome.delay, 0.0), DELAY_S_MAX))  # `classify` refuses more
    failures = state.failures + state.asked + 1
    return at + timedelta(seconds=delay_s(policy_for(action, outcome) or Retry(), failures, jitter))

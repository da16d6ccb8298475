"""The life of one attempt: claimed by a worker process, reported, lost or handed back. PURE.

`_conclude` is the one place where the outcome of a forward attempt is decided; `rollback.attempts` has its
counterpart for compensations.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from config.lib.json import storable
from config.lib.json_values import why_unstorable
from designer.document.graph import Step
from runs.machine.acts import is_there, is_unknown, other_has_acted, output_seq
from runs.machine.errors import Stale
from runs.machine.events import Claim, HandBack, Lose, Note, Report
from runs.machine.retry_policy import action_of, answer_of, failure_of, lease_until, may_retry, retry_at
from runs.machine.rollback import attempts
from runs.machine.states import StepState, StepStatus, UndoStatus
from runs.machine.steps import completion, maps
from runs.machine.steps.expansion import expand
from runs.machine.transition import Transition, error_of
from workers.sdk.outcome import Failure, Outcome

LOST = Outcome("unknown", failure=Failure("worker_lost", "The worker process ended during the attempt."))

NONE_LEFT = Failure("retries_used_up", "The worker asked for another attempt, and none is left.")
NOT_BEGUN = Failure("cancelled", "The rollback began before this attempt did.")


def claim(transition: Transition, event: Claim) -> None:
    state = transition.step(event.step)
    if transition.run.phase == "ended" or event.lease != state.lease + 1:
        raise Stale(f"lease {event.lease} of {event.step} is over")
    if transition.run.paused_at is not None:
        raise Stale(f"the run of {event.step} is paused")
    if state.status == StepStatus.QUEUED:
        _start(transition, event, state)
    elif transition.run.phase == "undo" and transition.run.is_drained:
        attempts.start(transition, event, state)
    else:
        raise Stale(f"{event.step} is {state.status.value}; it is not to be started")


def _start(transition: Transition, event: Claim, state: StepState) -> None:
    action = action_of(transition.definition(event.step), state.phase)
    is_verify = state.phase == "verify"
    data = {
        "direction": state.phase,
        "lease": event.lease,
        "process": event.process,
        "until": lease_until(action, transition.at).isoformat(),
    }
    attempt = state.attempt if is_verify else state.attempt + 1
    transition.emit("step.started", event.step, attempt=attempt, data=data)


def report(transition: Transition, event: Report) -> None:
    state, outcome = claimed(transition, event.step, event.lease), _keepable(event.outcome)
    if state.undo == UndoStatus.RUNNING:
        return attempts.conclude(transition, event.step, outcome)
    if state.phase == "verify":
        return _verified(transition, event.step, outcome)
    return _conclude(transition, event.step, outcome, event.expansion)


def _keepable(outcome: Outcome) -> Outcome:
    """Returns the outcome as it can be stored; a result that cannot is refused, and its effect is there."""
    if outcome.failure is not None:
        texts = {name: storable(text) for name, text in asdict(outcome.failure).items()}
        outcome = replace(outcome, failure=Failure(**texts))
    reason = why_unstorable(outcome.output)
    if not reason:
        return outcome
    acted = outcome.acted or outcome.kind == "succeeded"
    return Outcome("failed", {}, Failure("bad_output", f"The output cannot be kept: {reason}."), acted=acted)


def lose(transition: Transition, event: Lose) -> None:
    report(transition, Report(event.at, event.step, event.lease, LOST, event.jitter))


def hand_back(transition: Transition, event: HandBack) -> None:
    state = claimed(transition, event.step, event.lease)
    if state.undo == UndoStatus.RUNNING:
        attempts.schedule(transition, event.step, state, transition.at, {})
    elif transition.run.phase == "undo":
        give_up(transition, event.step, NOT_BEGUN, unknown=is_unknown(state))
    else:
        transition.queue(event.step, state.phase, handed_back=True)


def note(transition: Transition, event: Note) -> None:
    state = claimed(transition, event.step, event.lease)
    data = {"fraction": event.fraction, "message": event.message, "log": list(event.lines)}
    attempt = state.undo_attempt if state.undo == UndoStatus.RUNNING else state.attempt
    known = {key: value for key, value in data.items() if value not in (None, "", [])}
    transition.emit("step.progress", event.step, attempt=attempt, data=known)


def claimed(transition: Transition, key: str, lease: int) -> StepState:
    """Returns the state of a step whose attempt under `lease` is the current one. Raises Stale."""
    state = transition.step(key)
    is_running = state.status == StepStatus.RUNNING or state.undo == UndoStatus.RUNNING
    is_leased = is_running and state.due_at is not None  # maps and child runs run without a lease
    if transition.run.phase == "ended" or not is_leased or state.lease != lease:
        raise Stale(f"lease {lease} of {key} is over")
    return state


def _conclude(transition: Transition, key: str, outcome: Outcome, expansion: tuple[Step, ...]) -> None:
    step, state = transition.definition(key), transition.step(key)
    if outcome.kind == "succeeded":
        if expansion and step.dynamic and transition.run.phase == "forward":
            return expand(transition, key, outcome.output, expansion)
        return succeed(transition, key, outcome.output)
    if (
        outcome.kind == "intervention"
        and transition.run.phase == "forward"
        and not is_pointless(transition, key)
    ):
        return completion.pause(transition, key, _failure(outcome), outcome.output, unknown=is_unknown(state))
    may_ask = step.verify is not None and transition.run.phase == "forward"
    error = error_of(_failure(outcome))
    if outcome.kind == "unknown" and may_ask:
        return transition.queue(key, "verify", unknown=True, error=error)
    if outcome.acted and may_ask:
        return transition.queue(key, "verify", payload=_known(outcome), acted=True, error=error)
    if outcome.acted:
        return give_up(transition, key, _failure(outcome), _known(outcome), acted=True)
    return _retry_or_fail(transition, key, outcome, outcome.kind == "unknown" or is_unknown(state))


def _known(outcome: Outcome) -> Any:
    """Returns what is known of an output that was refused; there always is a payload, which the undo gets."""
    return {} if outcome.output is None else outcome.output


def _kept(transition: Transition, state: StepState) -> Any:
    """Returns what was kept of an output that was refused; {} if there is none."""
    seq = output_seq(state) if is_there(state) else None
    return {} if seq is None else transition.state.payload(seq)


def _retry_or_fail(transition: Transition, key: str, outcome: Outcome, unknown: bool, **effect: Any) -> None:
    """Decides about a failed or unknown attempt: a retry, else the fallback (once), else failure."""
    step, state = transition.definition(key), transition.step(key)
    may_continue = transition.run.phase == "forward" and not state.by_fallback
    may_continue = may_continue and not is_pointless(transition, key)
    if may_continue and may_retry(action_of(step, "forward"), state, outcome):
        return schedule(transition, key, outcome, unknown)
    has_effect = effect.get("acted", is_there(state))
    if may_continue and step.fallback is not None and not has_effect:
        return _fall_back(transition, key, outcome, unknown, **effect)
    failure = NONE_LEFT if outcome.kind == "retry_needed" else _failure(outcome)
    return give_up(transition, key, failure, outcome.output, unknown=unknown, **effect)


def is_pointless(transition: Transition, key: str) -> bool:
    """Whether a step is an item of a map that comes to the same, whatever becomes of the item."""
    map_name = transition.step(key).map_name
    return map_name is not None and maps.is_decided(transition.step(map_name), transition.definition(key))


def schedule(transition: Transition, key: str, outcome: Outcome, unknown: bool, **more: Any) -> None:
    state = transition.step(key)
    action = action_of(transition.definition(key), "forward")
    has_asked = outcome.kind == "retry_needed"
    data = {
        "direction": "forward",
        "due_at": retry_at(action, state, outcome, transition.at, transition.jitter).isoformat(),
        "unknown": unknown,
        "asked" if has_asked else "failed": 1,
        "error": error_of(_failure(outcome)),
        **more,
    }
    payload = outcome.output if has_asked else None
    transition.emit("step.retry_scheduled", key, attempt=state.attempt, data=data, payload=payload)


def _verified(transition: Transition, key: str, outcome: Outcome) -> None:
    """Decides by the answer of the verify worker about an unknown outcome or an output that was refused.

    The same worker would give the same output again, so a refused one is not tried again, but for a fallback
    where nothing was done.
    """
    answer, state = answer_of(outcome), transition.step(key)
    if answer.get("outcome") == "done":
        output = answer["output"] if "output" in answer else _kept(transition, state)
        return succeed(transition, key, output, verified=True)
    failure, had_no_effect = failure_of(state), answer.get("outcome") == "not_done"
    if state.begins_again and transition.run.phase == "forward" and not is_pointless(transition, key):
        return _ask_or_begin(transition, key, state, had_no_effect)
    if not is_there(state):
        return _retry_or_fail(transition, key, Outcome("unknown", failure=failure), not had_no_effect)
    if not had_no_effect:
        return give_up(transition, key, failure)
    return _retry_or_fail(transition, key, Outcome("failed", failure=failure), False, acted=False)


def _ask_or_begin(transition: Transition, key: str, state: StepState, had_no_effect: bool) -> None:
    """Goes on with what a person tries again: verifies the step's other act, or begins the attempt."""
    known: dict[str, Any] = {} if is_there(state) else {"unknown": True}
    known = {"acted": False} if had_no_effect else known
    if state.begins_again > 1 and other_has_acted(state):
        more = {"by_fallback": not state.by_fallback, "asks": state.begins_again - 1}
        return transition.queue(key, "verify", **known, **more)
    return transition.queue(key, **known)


def _fall_back(transition: Transition, key: str, outcome: Outcome, unknown: bool, **effect: Any) -> None:
    data = {"error": error_of(_failure(outcome)), "unknown": unknown, **effect}
    transition.emit("step.fallback_started", key, attempt=transition.step(key).attempt, data=data)
    transition.dispatch(key)


def succeed(transition: Transition, key: str, output: Any, **data: Any) -> None:
    """Completes a step or an item of a map."""
    if transition.step(key).map_name is not None:
        maps.item_completed(transition, transition.definition(key), key, output, **data)
    else:
        completion.complete(transition, key, output, **transition.duration(key), **data)


def give_up(transition: Transition, key: str, failure: Failure, output: Any = None, **effect: Any) -> None:
    """Fails a step or an item of a map for good. `effect`: see `completion.failure_data`."""
    if transition.step(key).map_name is not None:
        maps.item_failed(transition, transition.definition(key), key, failure, output, **effect)
    else:
        completion.fail(transition, key, failure, output, **effect)


def _failure(outcome: Outcome) -> Failure:
    return outcome.failure or Failure(outcome.kind, f"The attempt ended {outcome.kind}.")

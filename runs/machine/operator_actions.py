"""Rules of events from outside: signals, answers, cancelling and timers. PURE.

Those of approvals are in `steps.kinds.approval`, those of attempts in `steps.attempts`, those of child
runs in `steps.child_runs`, the rollback on demand is in `rollback.plan`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from runs.machine.acts import is_unknown
from runs.machine.allowed import answers, may_be_taken, put_off, signals_to_come
from runs.machine.answers import OPTION, Answer, Kind
from runs.machine.errors import NoteRequired, Refused, Stale
from runs.machine.events import (
    AnswerIntervention,
    Cancel,
    CancelChild,
    ClaimIntervention,
    EndLoop,
    HappenNow,
    Lose,
    Signal,
    TellParent,
    TimeOut,
    Wake,
)
from runs.machine.interventions import close_intervention, kind_of
from runs.machine.limits import SIGNALS_KEPT_MAX
from runs.machine.retry_policy import failure_of
from runs.machine.rollback import attempts as rollback_attempts
from runs.machine.rollback import pivots, plan
from runs.machine.states import Reason, StepState, StepStatus, UndoStatus
from runs.machine.steps import attempts, completion, maps, waits
from runs.machine.steps.ready import begin_again, is_delayed, time_comes, try_again, wait_over
from runs.machine.transition import Transition


def wake(transition: Transition, event: Wake) -> None:
    """A step is due; its state says for what: an expired lease, a retry, a timer or a lost dispatch."""
    state = transition.step(event.step)
    is_due = state.due_at is None or state.due_at <= transition.at
    if transition.run.phase == "ended" or not is_due:
        raise Stale(f"{event.step} is not due")
    if state.status == StepStatus.RUNNING or state.undo == UndoStatus.RUNNING:
        _expire(transition, event, state)
    elif transition.run.paused_at is not None:
        raise Stale(f"the run of {event.step} is paused")
    elif state.status == StepStatus.RETRYING:
        try_again(transition, event.step)
    elif state.status == StepStatus.WAITING and state.due_at is not None:
        wait_over(transition, event.step)
    elif state.status == StepStatus.QUEUED or _is_undo_due(transition, state):
        transition.dispatch(event.step)
    else:
        raise Stale(f"{event.step} waits for nothing")


def happen_now(transition: Transition, event: HappenNow) -> None:
    """What a step waits for happens at once, as it would have at its time."""
    state = transition.step(event.step)
    what = put_off(transition.run, state)
    if what is None:
        raise Refused(f"{event.step} waits for no time and no further attempt.", code="not_put_off")
    due_at = None if state.due_at is None else state.due_at.isoformat()
    data = {"for": what, "due_at": due_at, "by": event.by}
    transition.emit("step.brought_forward", event.step, attempt=state.attempt, data=data)
    if what == "undo":
        transition.dispatch(event.step)
    elif what == "retry" or is_delayed(transition, event.step):
        if transition.run.paused_at is None:  # else it is due, and begins when the run is resumed
            wake(transition, Wake(event.at, event.step))
    else:
        time_comes(transition, event.step)


def _expire(transition: Transition, event: Wake, state: StepState) -> None:
    if state.due_at is None:
        raise Stale(f"{event.step} holds no lease")
    attempts.lose(transition, Lose(event.at, event.step, state.lease, event.jitter))


def _is_undo_due(transition: Transition, state: StepState) -> bool:
    is_pending = state.undo == UndoStatus.PENDING and state.undo_after == 0 and not state.is_map
    return transition.run.phase == "undo" and transition.run.is_drained and is_pending


def signal(transition: Transition, event: Signal) -> None:
    _refuse_if_ended(transition)
    waiting = [
        name for name, step in transition.state.steps().items() if event.name in waits.signals_in(step.waits)
    ]
    if not waiting and not may_be_taken(transition.graph, transition.state, event.name):
        names = signals_to_come(transition.graph, transition.state)
        known = f"it can take {', '.join(sorted(names))}" if names else "it takes no signal any more"
        raise Refused(
            f"No step of this run can take the signal '{event.name}'; {known}.", code="no_such_signal"
        )
    if not waiting and sum(map(len, transition.run.signals.values())) >= SIGNALS_KEPT_MAX:
        raise Refused(f"{SIGNALS_KEPT_MAX} signals that no step waits for are kept already.")
    data = {"name": event.name, "by": event.by} | ({} if waiting else {"kept": True})
    payload = None if waiting else event.payload  # the steps that wait get it as their output
    transition.emit("signal.received", waiting[0] if waiting else "", data=data, payload=payload)
    for name in waiting:
        if transition.step(name).status == StepStatus.WAITING:  # the step before it may have ended the run
            waits.take_signal(transition, name, event.name, event.payload)


def end_loop(transition: Transition, event: EndLoop) -> None:
    step, state = transition.graph.by_name.get(event.step), transition.step(event.step)
    if step is None or not step.repeats:
        raise Refused(f"{event.step} is no loop of this run.", code="unknown_step")
    if transition.run.phase != "forward" or state.status != StepStatus.RUNNING or state.enough:
        raise Refused(f"{event.step} is not under way, or ends already.", code="not_running")
    maps.end_loop(transition, step, event.by)


def cancel(transition: Transition, event: Cancel) -> None:
    _refuse_if_ended(transition)
    beginning: pivots.Beginning = "cancel_by_person" if event.by else "cancel_by_system"
    if event.mode == "abandon":
        abandon(transition, _stopped("cancel", event.by), event.by)
    elif transition.run.phase == "undo":
        raise Refused("The run is already being rolled back.", code="already_compensating")
    elif pivots.must_ask(transition.run, beginning):
        pivots.ask_about_run(transition, "cancel")
    else:
        _stop(transition, beginning, "cancel", event.by)


def time_out(transition: Transition, event: TimeOut) -> None:
    run = transition.run
    if run.phase != "forward" or run.paused_at is not None or run.due_at is None or run.due_at > event.at:
        raise Stale("the run has not timed out")
    if pivots.must_ask(transition.run, "run_timeout"):
        pivots.ask_about_run(transition, "timeout")
    else:
        _stop(transition, "run_timeout", "timeout")


def _stop(transition: Transition, beginning: pivots.Beginning, reason: Reason, by: str = "") -> None:
    """Begins the rollback of a run that nothing has failed in."""
    error = _stopped(reason, by)
    failure = {"step": "", "error": error["code"], "message": error["message"]}
    plan.begin(transition, beginning, reason=reason, error=error, failure=failure, by=by)


def _stopped(reason: Reason, by: str) -> dict[str, str]:
    if reason == "timeout":
        return {"code": "timeout", "message": "The run took longer than its timeout."}
    return {"code": "cancelled", "message": f"Cancelled by {by or 'the system'}."}


def abandon(transition: Transition, error: dict[str, str], by: str = "") -> None:
    """Ends the run where it stands. No undo starts any more; planned ones are left undone."""
    steps = transition.state.steps()
    for name, step in steps.items():
        if step.intervention is not None:
            close_intervention(transition, name, "abandon")
        if (step.waits or {}).get("for") == "child":
            transition.command(CancelChild((step.waits or {})["child"], "abandon", by))
    cancelled = [name for name, step in steps.items() if not step.is_done and step.status != "pending"]
    left = {
        name: steps for name, steps in plan.left_behind(transition).items() if steps or name == "abandoned"
    }
    data = {"error": error, "cancelled": cancelled, **left} | ({"by": by} if by else {})
    transition.emit("run.cancelled", data=data)
    transition.command(TellParent())


def _refuse_if_ended(transition: Transition) -> None:
    if transition.run.phase == "ended":
        raise Refused(f"The run has already ended: {transition.run.status.value}.", code="run_ended")


# --- interventions ---


def claim_intervention(transition: Transition, event: ClaimIntervention) -> None:
    _step_asked_about(transition, event.step, event.opened_seq)
    transition.emit("intervention.claimed", event.step, data={"opened": event.opened_seq, "by": event.by})


def _step_asked_about(transition: Transition, key: str, opened_seq: int) -> StepState:
    """Raises Refused if the intervention that entry `opened_seq` opened is not open any more."""
    state = transition.step(key)
    if state.intervention != opened_seq:
        raise Refused("This intervention has already been answered.", code="already_answered")
    return state


def answer_intervention(transition: Transition, event: AnswerIntervention) -> None:
    state = _step_asked_about(transition, event.step, event.opened_seq)
    allowed = answers(state)
    if event.answer not in allowed:
        raise Refused(f"{event.answer} is not possible here; choose one of {', '.join(allowed)}.")
    kind = kind_of(state)
    if OPTION[kind, event.answer].needs_note and not event.note.strip():
        raise NoteRequired(event.answer)
    close_intervention(
        transition, event.step, event.answer, event.by, event.note, event.patch, event.proposed_by
    )
    RULES[kind, event.answer](transition, event, state)


def _retry_step(transition: Transition, event: AnswerIntervention, state: StepState) -> None:
    begin_again(transition, event.step)


def _resolve_step(transition: Transition, event: AnswerIntervention, state: StepState) -> None:
    attempts.succeed(transition, event.step, event.output, by_hand=True)


def _give_up(transition: Transition, event: AnswerIntervention, state: StepState) -> None:
    if state.about:
        return _stop(transition, "answer", cast(Reason, state.about), event.by)
    failure = failure_of(state)
    if state.status == StepStatus.BLOCKED:
        data = completion.failure_data(failure, unknown=is_unknown(state))
        transition.emit("step.failed", event.step, attempt=state.attempt, data=data)
    facts = {"step": event.step, "error": failure.code, "message": failure.message}
    return plan.begin(transition, "answer", failure=facts, by=event.by)


def _skip_step(transition: Transition, event: AnswerIntervention, state: StepState) -> None:
    key, failure = event.step, failure_of(state)
    if state.about:
        return  # the run goes on; applying the entry of the answer says so
    if state.map_name is not None:
        maps.skip_item(transition, transition.definition(key), key, failure, unknown=is_unknown(state))
    else:
        output = None if state.output_seq is None else transition.state.payload(state.output_seq)
        data = completion.failure_data(failure, unknown=is_unknown(state))
        completion.settle_edges(transition, "step.failed", key, data, recorded_output=output)


def _retry_undo(transition: Transition, event: AnswerIntervention, state: StepState) -> None:
    """Tries an undo again; the rollback of a child run past its pivot begins now that a person allows it."""
    data: dict[str, Any] = {"fresh": True}
    if failure_of(state).code == pivots.PAST_PIVOT:
        data |= {"by": event.by, "past_pivot": [event.step]}
    rollback_attempts.schedule(transition, event.step, state, transition.at, data)


def _resolve_undo(transition: Transition, event: AnswerIntervention, state: StepState) -> None:
    rollback_attempts.end(transition, event.step, "resolved", by_hand=True)


def _abandon_undo(transition: Transition, event: AnswerIntervention, state: StepState) -> None:
    """Nothing to do: applying the entry of the answer leaves the step undone."""


RULES: dict[tuple[Kind, Answer], Callable[[Transition, AnswerIntervention, StepState], None]] = {
    ("step_failed", "retry"): _retry_step,
    ("step_failed", "resolve"): _resolve_step,
    ("step_failed", "skip"): _skip_step,
    ("step_failed", "compensate"): _give_up,
    ("compensation_failed", "retry"): _retry_undo,
    ("compensation_failed", "resolve"): _resolve_undo,
    ("compensation_failed", "abandon"): _abandon_undo,
}

"""What people ask of a run: signals, approvals, answers, cancelling and rolling back. PURE."""

from __future__ import annotations

from runs.machine.allowed import answers
from runs.machine.errors import Refused, Stale
from runs.machine.events import (
    AnswerCase,
    Approve,
    Cancel,
    CancelChild,
    EndChild,
    Lose,
    Rollback,
    Signal,
    TakeCase,
    TellParent,
    TimeOut,
    Wake,
)
from runs.machine.interventions import close_case
from runs.machine.retry_policy import SIGNALS_KEPT_MAX, failure_of
from runs.machine.rollback import attempts as rollback_attempts
from runs.machine.rollback import plan
from runs.machine.states import StepState, StepStatus, UndoStatus
from runs.machine.steps import attempts, child_runs, completion, maps, waits
from runs.machine.steps.ready import begin_again
from runs.machine.transition import Turn
from workers.sdk.outcome import Failure


def wake(turn: Turn, event: Wake) -> None:
    """The time of a step has come: what that means follows from its state."""
    state = turn.step(event.step)
    is_due = state.due_at is None or state.due_at <= turn.at
    if turn.run.phase == "ended" or not is_due:
        raise Stale(f"{event.step} is not due")
    if state.status == StepStatus.RUNNING or state.undo == UndoStatus.RUNNING:
        _expire(turn, event, state)
    elif state.status == StepStatus.RETRYING:
        turn.queue(event.step, state.phase)
    elif state.status == StepStatus.WAITING and state.due_at is not None:
        waits.wait_over(turn, event.step)
    elif state.status == StepStatus.QUEUED or _is_undo_due(turn, state):
        turn.ring(event.step)
    else:
        raise Stale(f"{event.step} waits for nothing")


def _expire(turn: Turn, event: Wake, state: StepState) -> None:
    if state.due_at is None:
        raise Stale(f"{event.step} holds no lease")
    attempts.lose(turn, Lose(event.at, event.step, state.lease, event.jitter))


def _is_undo_due(turn: Turn, state: StepState) -> bool:
    is_pending = state.undo == UndoStatus.PENDING and state.undo_after == 0 and not state.is_map
    return turn.run.phase == "undo" and turn.run.is_drained and is_pending


def signal(turn: Turn, event: Signal) -> None:
    _refuse_if_ended(turn)
    waiting = [
        name for name, step in turn.state.steps().items() if (step.waits or {}).get("signal") == event.name
    ]
    if not waiting and sum(map(len, turn.run.signals.values())) >= SIGNALS_KEPT_MAX:
        raise Refused(f"{SIGNALS_KEPT_MAX} signals that no step waits for are kept already.")
    data = {"name": event.name, "by": event.by} | ({} if waiting else {"kept": True})
    kept = None if waiting else event.payload  # else it is the output of the steps that waited
    turn.emit("signal.received", waiting[0] if waiting else "", data=data, payload=kept)
    for name in waiting:
        if turn.step(name).status == StepStatus.WAITING:  # the one before it may have ended the run
            completion.complete(turn, name, event.payload)


def approve(turn: Turn, event: Approve) -> None:
    waits_for = (turn.step(event.step).waits or {}).get("for")
    if waits_for != "approval":
        raise Refused(f"{event.step} does not wait for an approval.", code="not_waiting")
    data = {"name": "approval", "approved": event.approved, "by": event.by, "comment": event.comment}
    turn.emit("signal.received", event.step, data=data)
    answer = {"approved": event.approved, "by": event.by, "comment": event.comment}
    if event.approved:
        completion.complete(turn, event.step, answer)
    else:
        message = f"Rejected by {event.by}: {event.comment or 'no comment'}"
        completion.fail(turn, event.step, Failure("rejected", message), answer)


def end_child(turn: Turn, event: EndChild) -> None:
    state = turn.step(event.step)
    if (state.waits or {}).get("child") == event.child and state.status == StepStatus.WAITING:
        child_runs.child_ended(turn, event.step, event.child, event.status, event.output, event.error or {})
    elif state.undo == UndoStatus.RUNNING and state.child == event.child and event.status != "completed":
        child_runs.rolled_back(turn, event.step, event.status)
    else:
        raise Stale(f"{event.step} does not wait for a child")


def cancel(turn: Turn, event: Cancel) -> None:
    _refuse_if_ended(turn)
    error = {"code": "cancelled", "message": f"Cancelled by {event.by or 'the system'}."}
    if event.mode == "abandon":
        abandon(turn, error, event.by)
    elif turn.run.phase == "undo":
        raise Refused("The run is already being rolled back.", code="already_compensating")
    else:
        plan.begin(turn, "cancel", error=error, failure=_as_failure(error), by=event.by)


def time_out(turn: Turn, event: TimeOut) -> None:
    if turn.run.phase != "forward" or turn.run.due_at is None or turn.run.due_at > event.at:
        raise Stale("the run has not timed out")
    error = {"code": "timeout", "message": "The run took longer than its timeout."}
    plan.begin(turn, "timeout", error=error, failure=_as_failure(error))


def _as_failure(error: dict[str, str]) -> dict[str, str]:
    return {"step": "", "error": error["code"], "message": error["message"]}


def abandon(turn: Turn, error: dict[str, str], by: str = "") -> None:
    """End the run where it stands; nothing (more) is undone."""
    steps = turn.state.steps()
    for name, step in steps.items():
        if step.intervention is not None:
            close_case(turn, name, "abandon")
        if (step.waits or {}).get("for") == "child":
            turn.command(CancelChild((step.waits or {})["child"], "abandon"))
    cancelled = [name for name, step in steps.items() if not step.is_done and step.status != "pending"]
    data = {"error": error, "cancelled": cancelled, "abandoned": plan.left_behind(turn)}
    turn.emit("run.cancelled", data=data | ({"by": by} if by else {}))
    turn.command(TellParent())


def roll_back(turn: Turn, event: Rollback) -> None:
    plan.request(turn, event)


def _refuse_if_ended(turn: Turn) -> None:
    if turn.run.phase == "ended":
        raise Refused(f"The run has already ended: {turn.run.status.value}.", code="run_ended")


# --- interventions ---


def take_case(turn: Turn, event: TakeCase) -> None:
    _open_case(turn, event.step, event.opened_seq)
    turn.emit("intervention.claimed", event.step, data={"opened": event.opened_seq, "by": event.by})


def _open_case(turn: Turn, key: str, opened_seq: int) -> StepState:
    state = turn.step(key)
    if state.intervention != opened_seq:
        raise Refused("This intervention has already been answered.", code="already_answered")
    return state


def answer_case(turn: Turn, event: AnswerCase) -> None:
    state = _open_case(turn, event.step, event.opened_seq)
    allowed = answers(state)
    if event.answer not in allowed:
        raise Refused(f"{event.answer} is not possible here; choose one of {', '.join(allowed)}.")
    if event.answer in ("resolve", "abandon") and not event.note.strip():
        raise Refused(f"{event.answer} needs a note that says what was done.", code="note_required")
    is_undo = state.undo == UndoStatus.FAILED
    close_case(turn, event.step, event.answer, event.by, event.note, event.patch, event.proposed_by)
    (_answer_undo if is_undo else _answer_forward)(turn, event, state)


def _answer_undo(turn: Turn, event: AnswerCase, state: StepState) -> None:
    if event.answer == "retry":
        rollback_attempts.schedule(turn, event.step, state, turn.at, {"fresh": True})
    elif event.answer == "resolve":
        rollback_attempts.end(turn, event.step, "resolved", by_hand=True)


def _answer_forward(turn: Turn, event: AnswerCase, state: StepState) -> None:
    failure = failure_of(state)
    if event.answer == "retry":
        begin_again(turn, event.step)
    elif event.answer == "resolve":
        attempts.succeed(turn, event.step, event.output, by_hand=True)
    elif event.answer == "skip":
        _skip(turn, event.step, failure, state)
    else:
        _give_up(turn, event, failure, state)


def _give_up(turn: Turn, event: AnswerCase, failure: Failure, state: StepState) -> None:
    if state.status == StepStatus.BLOCKED:
        data = completion.failure_data(failure, state.unknown)
        turn.emit("step.failed", event.step, attempt=state.attempt, data=data)
    facts = {"step": event.step, "error": failure.code, "message": failure.message}
    plan.begin(turn, "failure", failure=facts, by=event.by)


def _skip(turn: Turn, key: str, failure: Failure, state: StepState) -> None:
    if state.map_name is not None:
        maps.skip_item(turn, turn.definition(key), key, failure, unknown=state.unknown)
    else:
        kept = None if state.output_seq is None else turn.state.payload(state.output_seq)
        completion.pass_on(
            turn, "step.failed", key, completion.failure_data(failure, state.unknown), kept=kept
        )

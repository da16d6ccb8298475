"""The engine's shell: stamp an event with the database's time, decide, commit, act.

No rules here: they are in `runs.machine`. Whoever changes a run calls a function of this
module, be it a page, the API, the admin, a worker process or the sweep.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from config.lib.json import is_storable, storable
from designer.document.graph import Action, Graph, Step
from runs.engine.after_commit import act, start_children
from runs.engine.next_step import GoOn, Next, claim_next, definition_of
from runs.engine.starting import start_fitting, start_one, start_run, start_runs
from runs.engine.unit_of_work import Unit, unit_of, unit_that_goes_on
from runs.errors import AnsweredAlready, NewerState, UnknownIntervention, UnstorableText, WorkerMissing
from runs.machine.errors import Refused, Stale
from runs.machine.events import (
    Answer,
    AnswerIntervention,
    Approve,
    Cancel,
    CancelMode,
    Claim,
    ClaimIntervention,
    HandBack,
    Lose,
    Note,
    Report,
    Rollback,
    Signal,
    TimeOut,
    Wake,
)
from runs.machine.retry_policy import action_of, queue_of
from runs.machine.states import State
from runs.models import Intervention, StepRun
from runs.store.reader import Loaded, load
from workers.sdk.outcome import Failure, Outcome

__all__ = ["GoOn", "start_fitting", "start_one", "start_run", "start_runs"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClaimedAttempt:
    """A claimed attempt, with all that is needed to carry it out. `lease` goes with its report.

    `is_notified`: a job that offers it lies in a queue, and comes in vain.
    """

    step: str
    lease: int
    action: Action
    graph: Graph
    loaded: Loaded
    is_notified: bool = False

    @property
    def state(self) -> State:
        return self.loaded.state

    @property
    def run_id(self) -> UUID:
        return self.loaded.rows.run_id


# --- runs ---


def cancel_run(run_id: UUID, mode: CancelMode = "compensate", user: Any = None) -> None:
    with unit_of(run_id, act) as unit:
        unit.take(Cancel(unit.at, mode, _name(user)))


def roll_back(run_id: UUID, to_step: str | None = None, user: Any = None) -> None:
    """Undo a completed run, wholly or back to `to_step`. Raises Refused."""
    with unit_of(run_id, act) as unit:
        unit.take(Rollback(unit.at, _name(user), to_step))


def signal(run_id: UUID, name: str, payload: Any = None, user: Any = None) -> None:
    _check_text([name, payload, _name(user)])
    with unit_of(run_id, act) as unit:
        unit.take(Signal(unit.at, name, payload, _name(user)))
        start_children(unit)


def approve(run_id: UUID, step: str, approved: bool, user: Any, comment: str = "") -> None:
    _check_text(comment)
    with unit_of(run_id, act) as unit:
        unit.take(Approve(unit.at, step, approved, _name(user), comment))
        start_children(unit)


def time_out(run_id: UUID) -> None:
    """The run's own timeout is due."""
    with unit_of(run_id, act) as unit:
        unit.take(TimeOut(unit.at))


# --- interventions ---


def claim_intervention(intervention_id: int, user: Any) -> None:
    case = _case(intervention_id)
    with unit_of(case.run_id, act) as unit:
        unit.take(ClaimIntervention(unit.at, case.step, case.opened_seq, _name(user)))


def answer(
    intervention_id: int,
    answer: Answer,
    *,
    user: Any,
    note: str = "",
    patch: Mapping[str, Any] | None = None,
    output: Any = None,
    proposed_by: str = "",
) -> None:
    """Answer an open intervention. Of two people who answer at once, the second is refused."""
    _check_text([note, patch, output])
    case = _case(intervention_id)
    with unit_of(case.run_id, act) as unit:
        try:
            unit.take(
                AnswerIntervention(
                    unit.at,
                    case.step,
                    case.opened_seq,
                    answer,
                    _name(user),
                    note,
                    patch,
                    output,
                    proposed_by,
                )
            )
        except Refused as refused:
            raise _say_who(refused, intervention_id) from refused
        start_children(unit)


def _say_who(refused: Refused, intervention_id: int) -> Refused:
    if refused.code != "already_answered":
        return refused
    case = _case(intervention_id)
    return AnsweredAlready(case.answered_by, case.answer)


def _case(intervention_id: int) -> Intervention:
    try:
        return Intervention.objects.get(pk=intervention_id)
    except Intervention.DoesNotExist as error:
        raise UnknownIntervention() from error


# --- attempts ---


def claim(
    run_id: UUID, step: str, lease: int, process: str, workers: Container[str] | None = None
) -> ClaimedAttempt | None:
    """The right to carry out an attempt; None where the job is late or a duplicate.

    Claims nothing, and raises WorkerMissing where the step's worker is not one of `workers`, or NewerState
    where newer code has written the run.
    """

    def take(unit: Unit) -> None:
        unit.take(Claim(unit.at, step, lease, process))
        if workers is not None:
            _refuse_missing(unit, step, workers)

    try:
        unit, _ = unit_that_goes_on(load(run_id), take, act)
    except NewerState:
        raise
    except Stale as stale:
        logger.info("run %s: job discarded: %s", run_id, stale)
        return None
    return _claimed(unit, step, lease)


def report(
    claimed: ClaimedAttempt, outcome: Outcome, *, expansion: tuple[Step, ...] = (), go_on: GoOn | None = None
) -> ClaimedAttempt | None:
    """Record what an attempt came to.

    With `go_on`, the next step that became ready is claimed for that worker process in the same
    transaction, and returned.
    """
    event = partial(
        Report,
        step=claimed.step,
        lease=claimed.lease,
        outcome=_storable_words(outcome),
        jitter=_jitter(),
        expansion=expansion,
    )

    def record(unit: Unit) -> Next | None:
        unit.take(event(unit.at))
        start_children(unit)
        return claim_next(unit, claimed.step, go_on) if go_on else None

    try:
        unit, following = unit_that_goes_on(claimed.loaded, record, act)
    except Stale as stale:
        logger.info("run %s: report discarded: %s", claimed.run_id, stale)
        return None
    return _claimed(unit, *following) if following else None


def _claimed(unit: Unit, step: str, lease: int, is_notified: bool = False) -> ClaimedAttempt:
    return ClaimedAttempt(
        step, lease, _claimed_action(unit, step), unit.graph, unit.loaded_now(), is_notified
    )


def _claimed_action(unit: Unit, name: str) -> Action:
    return action_of(definition_of(unit, name), unit.state.step(name).phase)


def _refuse_missing(unit: Unit, name: str, workers: Container[str]) -> None:
    action = _claimed_action(unit, name)
    if action.worker not in workers:
        raise WorkerMissing(unit.run_id, action.worker, queue_of(definition_of(unit, name), action))


def note(claimed: ClaimedAttempt, fraction: float | None, message: str, lines: tuple[str, ...] = ()) -> None:
    """Record what a running attempt says of itself."""
    message, lines = storable(message), tuple(storable(line) for line in lines)
    try:
        with unit_of(claimed.run_id, act) as unit:
            unit.take(Note(unit.at, claimed.step, claimed.lease, fraction, message, lines))
    except Stale as stale:
        logger.info("run %s: progress discarded: %s", claimed.run_id, stale)


def hand_back(claimed: ClaimedAttempt) -> None:
    """Give a claimed attempt back, unstarted."""
    _hand_back(claimed.run_id, claimed.step, claimed.lease)


def _hand_back(run_id: UUID, step: str, lease: int) -> None:
    try:
        with unit_of(run_id, act) as unit:
            unit.take(HandBack(unit.at, step, lease))
    except Stale as stale:
        logger.info("run %s: not handed back: %s", run_id, stale)


def hand_back_all(process_id: str, but: Container[tuple[UUID, str, int]] = ()) -> int:
    """Give back what a worker process holds without knowing it: a commit whose answer was lost.

    `but`: run, step and lease of those that it does know of. Returns how many attempts.
    """
    rows = [row for row in _claimed_by(process_id) if row not in but]
    for run_id, name, lease in rows:
        _hand_back(run_id, name, lease)
    return len(rows)


def process_lost(process_id: str) -> int:
    """A worker process is gone: its attempts end with an unknown outcome. Returns how many."""
    return sum(_lose(run_id, name, lease) for run_id, name, lease in _claimed_by(process_id))


def _claimed_by(process_id: str) -> list[tuple[UUID, str, int]]:
    """Run, step and lease of what a worker process holds; each has a due time, at which its lease ends."""
    claimed = StepRun.objects.filter(process=process_id, due_at__isnull=False)
    return list(claimed.values_list("run_id", "name", "lease"))


def _lose(run_id: UUID, name: str, lease: int) -> bool:
    try:
        with unit_of(run_id, act) as unit:
            unit.take(Lose(unit.at, name, lease, _jitter()))
            start_children(unit)
    except Stale:
        return False
    return True


def wake(run_id: UUID, step: str) -> None:
    """A step's due time has passed. Raises Stale where nothing was due."""
    with unit_of(run_id, act) as unit:
        unit.take(Wake(unit.at, step, _jitter()))
        start_children(unit)


def _check_text(value: Any) -> None:
    if not is_storable(value):
        raise UnstorableText


def _storable_words(outcome: Outcome) -> Outcome:
    """An outcome whose failure can be recorded, whatever the worker's exception said."""
    if outcome.failure is None:
        return outcome
    words = {name: storable(word) for name, word in asdict(outcome.failure).items()}
    return replace(outcome, failure=Failure(**words))


def _jitter() -> float:
    return random.uniform(-1, 1)  # noqa: S311


def _name(user: Any) -> str:
    return "" if user is None else user if isinstance(user, str) else user.get_username()

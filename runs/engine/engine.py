"""Engine service: every function stamps an event with the database's time and takes it in a unit of work.

Pages, API, admin, worker processes and the sweep change a run through this module alone. No rules: they are
in `runs.machine`. Functions about runs and interventions raise Refused if the event is not allowed now;
functions about attempts ignore an event that came too late, and log it.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from config.accounts.actors import actor
from config.accounts.permissions import groups_of, may
from config.lib.json import storable
from config.lib.secret_places import sealed_texts
from runs.engine import events
from runs.engine.after_commit import carry_out, start_children, tell_parent
from runs.engine.attempts import ClaimedAttempt, claim, jitter, report
from runs.engine.creation import refuse_unstorable
from runs.engine.next_step import Continuation
from runs.engine.starting import start_fitting, start_one, start_run, start_runs
from runs.engine.unit_of_work import unit_of
from runs.errors import EventReused, SealedInput
from runs.machine.errors import Stale
from runs.machine.events import (
    Approve,
    Cancel,
    CancelMode,
    EndLoop,
    HandBack,
    HappenNow,
    Lose,
    Note,
    Pause,
    Resume,
    Rollback,
    Signal,
    TimeOut,
    Wake,
)
from runs.models import EventWait, KeptEvent, StepRun
from runs.store import kept_events

__all__ = [
    "ClaimedAttempt",
    "Continuation",
    "claim",
    "report",
    "start_fitting",
    "start_one",
    "start_run",
    "start_runs",
]

logger = logging.getLogger(__name__)


# --- runs ---


def cancel_run(run_id: UUID, mode: CancelMode = "compensate", user: Any = None) -> None:
    """Stops a run and undoes its steps, or leaves them as they are where `mode` is `abandon`."""
    with unit_of(run_id, carry_out) as unit:
        unit.take(Cancel(unit.at, mode, _name(user)))


def pause_run(run_id: UUID, user: Any = None) -> None:
    """Starts nothing new in a run, forward or back, until it is resumed. Raises Refused."""
    with unit_of(run_id, carry_out) as unit:
        unit.take(Pause(unit.at, _name(user)))


def resume_run(run_id: UUID, user: Any = None) -> None:
    """Goes on with a paused run. Raises Refused."""
    with unit_of(run_id, carry_out) as unit:
        unit.take(Resume(unit.at, _name(user)))
        start_children(unit)


def roll_back(run_id: UUID, to_step: str | None = None, user: Any = None) -> None:
    """Undoes a completed run, wholly or back to `to_step`. Raises Refused.

    Its parent hears of its end before: it may not have been told yet, and would take the rollback for it.
    """
    tell_parent(run_id)
    with unit_of(run_id, carry_out) as unit:
        unit.take(Rollback(unit.at, _name(user), to_step))


def signal(run_id: UUID, name: str, payload: Any = None, user: Any = None) -> None:
    _check_given(name, "name")
    _check_given(payload, "payload")
    with unit_of(run_id, carry_out) as unit:
        unit.take(Signal(unit.at, name, payload, _name(user)))
        start_children(unit)


def approve(
    run_id: UUID, step: str, approved: bool, user: Any, comment: str = "", answer: Any = None
) -> None:
    """Gives a person's answer; `answer` is what the form was filled in with. Raises Refused."""
    _check_given(comment, "comment")
    _check_given(answer, "answer")
    by, groups, is_admin = as_approver(user)
    with unit_of(run_id, carry_out) as unit:
        unit.take(Approve(unit.at, step, approved, by, comment, answer, groups, is_admin))
        start_children(unit)


def as_approver(user: Any) -> tuple[str, tuple[str, ...], bool]:
    """Returns what an approval asks of a person: name, groups, and whether an administrator."""
    return _name(user), groups_of(user), not isinstance(user, str) and may(user, "administer")


def happen_now(run_id: UUID, step: str, user: Any) -> None:
    """Lets the time that a step waits for, or its next attempt or undo, come now. Raises Refused."""
    with unit_of(run_id, carry_out) as unit:
        unit.take(HappenNow(unit.at, step, _name(user)))
        start_children(unit)


def take_event(event: Mapping[str, Any]) -> tuple[KeptEvent | None, int]:
    """Keeps an event that steps wait for, or may wait for later, and hands it on. Raises BadInput.

    Returns it, or None if nobody waits for its type, and how many runs took it. Sent again, an event has no
    effect; with other data it is refused.
    """
    kept = kept_events.find(event)
    if kept is None and kept_events.is_awaited(event["type"]):
        _check_given(event, "event")
        try:
            kept = kept_events.keep(event)
            return kept, hand_on(kept)
        except IntegrityError:  # it has just come twice
            kept = kept_events.find(event)
    if kept is not None and kept.digest != kept_events.digest_of(event):
        raise EventReused
    return kept, 0


def hand_on(kept: KeptEvent) -> int:
    """Hands an event on to the next steps that wait for it. Returns how many runs took it."""
    return events.hand_on(kept, carry_out, start_children)


def look_through(row: EventWait) -> bool:
    """Gives a step that waits for an event one that had come before, if any fits."""
    return events.look_through(row, carry_out, start_children)


def end_loop(run_id: UUID, step: str, user: Any) -> None:
    """Ends a loop after the turn under way. Raises Refused."""
    with unit_of(run_id, carry_out) as unit:
        unit.take(EndLoop(unit.at, step, _name(user)))
        start_children(unit)


def time_out(run_id: UUID) -> None:
    """Applies the run's own timeout, which is due."""
    with unit_of(run_id, carry_out) as unit:
        unit.take(TimeOut(unit.at))


# --- attempts ---


def note(claimed: ClaimedAttempt, fraction: float | None, message: str, lines: tuple[str, ...] = ()) -> None:
    """Records progress and log lines of a running attempt; `fraction` is between 0 and 1, or None."""
    message, lines = storable(message), tuple(storable(line) for line in lines)
    try:
        with unit_of(claimed.run_id, carry_out) as unit:
            unit.take(Note(unit.at, claimed.step, claimed.lease, fraction, message, lines))
    except Stale as stale:
        logger.info("run %s: progress discarded: %s", claimed.run_id, stale)


def hand_back(claimed: ClaimedAttempt) -> None:
    """Returns a claimed attempt to its queue, unstarted."""
    _hand_back(claimed.run_id, claimed.step, claimed.lease)


def _hand_back(run_id: UUID, step: str, lease: int) -> None:
    try:
        with unit_of(run_id, carry_out) as unit:
            unit.take(HandBack(unit.at, step, lease))
    except Stale as stale:
        logger.info("run %s: not handed back: %s", run_id, stale)


def hand_back_all(process_id: str, but: Container[tuple[UUID, str, int]] = ()) -> int:
    """Hands back attempts that a worker process holds without knowing: the answer to a COMMIT was lost.

    `but`: run, step and lease of the attempts that it knows of. Returns how many were handed back.
    """
    rows = [row for row in _claimed_by(process_id) if row not in but]
    for run_id, name, lease in rows:
        _hand_back(run_id, name, lease)
    return len(rows)


def process_lost(process_id: str, unbegun: Container[tuple[UUID, str, int]] = ()) -> int:
    """Ends the attempts of a dead worker process with an unknown outcome. Returns how many.

    `unbegun`: run, step and lease of the attempts that it had not begun, if that is known: they are handed
    back.
    """
    lost = 0
    for run_id, name, lease in _claimed_by(process_id):
        if (run_id, name, lease) in unbegun:
            _hand_back(run_id, name, lease)
            continue
        with suppress(Stale):
            with unit_of(run_id, carry_out) as unit:
                unit.take(Lose(unit.at, name, lease, jitter()))
                start_children(unit)
            lost += 1
    return lost


def _claimed_by(process_id: str) -> list[tuple[UUID, str, int]]:
    """Run, step and lease of the attempts that a worker process holds: those whose lease has an end."""
    claimed = StepRun.objects.filter(process=process_id, due_at__isnull=False)
    return list(claimed.values_list("run_id", "name", "lease"))


def wake(run_id: UUID, step: str) -> None:
    """Applies a step's due time: a retry, a timer, the end of a lease. Raises Stale if nothing was due."""
    with unit_of(run_id, carry_out) as unit:
        unit.take(Wake(unit.at, step, jitter()))
        start_children(unit)


def _check_given(value: Any, part: str) -> None:
    """Refuses what a person may not bring into a run: what cannot be kept, and values sealed elsewhere."""
    refuse_unstorable(value, part)
    if any(sealed_texts(value)):
        raise SealedInput


def _name(user: Any) -> str:
    return "" if user is None else actor(user)

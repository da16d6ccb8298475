"""Times of schedules: what a due time starts, and what becomes of times that were missed or come too early.

Theory of operation. A due time is dealt with in one transaction, under the lock of its trigger's row: the
run is created, the call noted, and the next time put in place, so that of several schedulers one starts it,
and one that dies leaves it as it was. The run's idempotency key is derived from the time as well.

A time is missed if it is more than MISFIRED_AFTER ago when a scheduler first looks at it; `misfire` says
what becomes of those. `overlap` says what happens at a time while an earlier run of the same schedule is
under way. With `queue` the time stays due, and `waited_at` says that a scheduler has been there: it waits,
and was not missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from runs.engine import engine
from runs.engine.starting import Started
from runs.errors import RunsError
from runs.machine.errors import Refused
from runs.machine.states import RUN_STARTED
from runs.models import Run, Trigger, TriggerCall
from runs.store.database import database
from runs.store.transactions import transaction_of
from runs.triggers import service
from runs.triggers.calls import Outcome, note_call
from runs.triggers.starting import key_of, start

MISFIRED_AFTER = timedelta(seconds=60)
BEHIND_MAX = 100  # times that wait, or are made up for
LOOK_AGAIN_AFTER = timedelta(seconds=2)


def start_slot(pk: int, at: datetime) -> bool:
    """Deals with a schedule's due time. Returns False if another process was faster, or it waits."""
    with transaction_of(database()):
        due = service.due(at).select_for_update(of=("self",)).select_related("workflow")
        trigger = due.filter(pk=pk).first()
        if trigger is None or trigger.next_at is None:
            return False
        slot = _present(trigger, trigger.next_at, at)
        if slot is None:
            return True
        under_way = _under_way(trigger) if trigger.overlap != Trigger.Overlap.ALLOW else []
        if under_way and trigger.overlap == Trigger.Overlap.QUEUE:
            _move(trigger, slot, at, due_at=at + LOOK_AGAIN_AFTER)
            return False
        if under_way and trigger.overlap == Trigger.Overlap.SKIP:
            reason = f"The run {under_way[0]} of an earlier time is under way."
            note_call(trigger, Outcome.SKIPPED, what=slot.isoformat(), reason=reason)
        else:
            _cancel(under_way)
            _start(trigger, slot)
        is_made_up = _is_missed(trigger, at) and trigger.misfire == Trigger.Misfire.ONCE
        _move(trigger, service.times_of(trigger).after(at if is_made_up else slot), at)
        return True


def _is_missed(trigger: Trigger, at: datetime) -> bool:
    assert trigger.next_at is not None
    has_waited = trigger.waited_at is not None and trigger.waited_at >= at - MISFIRED_AFTER
    return trigger.next_at < at - MISFIRED_AFTER and not has_waited


def _present(trigger: Trigger, slot: datetime, at: datetime) -> datetime | None:
    """The time to be dealt with now; None if those that were missed have been passed over."""
    times = service.times_of(trigger)
    is_missed = _is_missed(trigger, at)
    if is_missed and trigger.misfire == Trigger.Misfire.SKIP:
        reason = "Missed while no scheduler was there."
        note_call(trigger, Outcome.SKIPPED, what=slot.isoformat(), reason=reason)
        _move(trigger, times.after(at - MISFIRED_AFTER), at)
        return None
    if is_missed and trigger.misfire == Trigger.Misfire.ONCE:
        return slot
    last = times.last_ones(slot, at, BEHIND_MAX)
    if last and last[0] > slot:
        reason = f"Of the times that are behind, only the last {BEHIND_MAX} are started."
        note_call(trigger, Outcome.SKIPPED, what=slot.isoformat(), reason=reason)
        return last[0]
    return slot


def _under_way(trigger: Trigger) -> list[UUID]:
    """The runs of earlier times that are under way, the oldest first."""
    calls = TriggerCall.objects.filter(trigger=trigger, run_id__isnull=False).values("run_id")
    live = Run.objects.filter(pk__in=calls, status__in=RUN_STARTED)
    return list(live.order_by("created_at", "pk").values_list("pk", flat=True))


def _cancel(run_ids: Sequence[UUID]) -> None:
    for run_id in run_ids:
        with suppress(Refused):  # it is being undone already
            engine.cancel_run(run_id)


def _start(trigger: Trigger, slot: datetime) -> None:
    labels = {"trigger": "schedule", "slot": slot.isoformat()}
    key = key_of("schedule", str(trigger.pk), slot.isoformat())
    try:
        started = start(trigger, trigger.input, labels, key)
    except RunsError as error:  # the next time tries again
        note_call(trigger, Outcome.REFUSED, what=slot.isoformat(), reason=str(error))
        return
    if isinstance(started, Started):
        outcome = Outcome.STARTED if started.is_new else Outcome.KNOWN
        note_call(trigger, outcome, what=slot.isoformat(), run_id=started.run.pk)
    else:
        note_call(trigger, Outcome.HELD, what=slot.isoformat())


def _move(trigger: Trigger, following: datetime | None, at: datetime, due_at: datetime | None = None) -> None:
    """Puts the next time in place. One that is past already waits, if the schedule queues."""
    waits = trigger.overlap == Trigger.Overlap.QUEUE and following is not None and following <= at
    Trigger.objects.filter(pk=trigger.pk).update(
        next_at=following, due_at=due_at or following, waited_at=at if waits else None
    )

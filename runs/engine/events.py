"""Events for steps that wait: one that has come, and those that had come before a step waited.

Both ways begin after a commit: an event is stored before its waiting steps are looked for, and a step waits
before the stored events are looked through, so that none of the two can miss the other. What is lost with the
process is repeated by the sweep; a run takes an event once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import local
from uuid import UUID

from runs.engine.unit_of_work import AfterCommit, Unit, unit_of
from runs.errors import UnknownRun
from runs.machine.errors import Refused, Stale
from runs.machine.events import TakeEvent
from runs.machine.steps.waits import takers
from runs.models import EventWait, KeptEvent
from runs.store import kept_events, reader

logger = logging.getLogger(__name__)

DELIVERED_AT_ONCE = 200
LOOKS_MAX = 1_000  # steps that begin to wait one after the other because of what had come before

_looking = local()
Finish = Callable[[Unit], None]


def hand_on(kept: KeptEvent, after_commit: AfterCommit, start_children: Finish) -> int:
    """Hands an event on to the next steps that wait for it. Returns how many took it."""
    rows, is_last = kept_events.next_waits(kept, DELIVERED_AT_ONCE)
    runs = dict.fromkeys(row.run_id for row in rows)
    taken = sum(take(run_id, kept, after_commit, start_children) for run_id in runs)
    kept_events.moved(kept, reader.now(), is_delivered=is_last)
    return taken


def look_back(run_id: UUID, after_commit: AfterCommit, start_children: Finish) -> None:
    """Gives the steps of a run that have begun to wait what had come before.

    A step that goes on with that may let others begin to wait, of this run and of others; all of them are
    looked after here, one after the other.
    """
    pending: list[UUID] | None = getattr(_looking, "pending", None)
    if pending is not None:
        return pending.append(run_id)
    _looking.pending = pending = [run_id]
    try:
        for _ in range(LOOKS_MAX):
            if not pending:
                return None
            rows = EventWait.objects.filter(run_id=pending.pop(), due_at__isnull=False).order_by("pk")
            for row in rows:
                look_through(row, after_commit, start_children)
    finally:
        _looking.pending = None
    return None


def look_through(row: EventWait, after_commit: AfterCommit, start_children: Finish) -> bool:
    """Whether an event that had come before was taken. Afterwards only new ones can be."""
    events = kept_events.came_before(row)
    is_taken = any(take(row.run_id, kept, after_commit, start_children) for kept in events)
    kept_events.looked_through(row)
    return is_taken


def take(run_id: UUID, kept: KeptEvent, after_commit: AfterCommit, start_children: Finish) -> bool:
    """Whether a step of a run has taken an event. The run is locked only if one seems to fit."""
    try:
        loaded = reader.load(run_id)
        if not takers(Unit(loaded).graph, loaded.state, kept.key, kept.event):
            return False
        with unit_of(run_id, after_commit) as unit:
            unit.take(TakeEvent(unit.at, kept.key, kept.event))
            start_children(unit)
    except (Refused, Stale, UnknownRun) as reason:
        logger.info("run %s: event %s not taken: %s", run_id, kept.key, reason)
        return False
    return True

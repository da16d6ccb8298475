"""One unit of work on one run: lock it, take events, write everything, commit, then act.

What must happen outside (rings, hints, other runs) is done after the commit and may be lost:
the sweep finds whatever was not done.

Who has a run to himself, as a worker process that goes through its steps mostly has, may decide first and
write afterwards, without the lock: the one statement that moves the run finds it only if nobody was faster.
If somebody was, everything is decided again under the lock, and the next time begins with the lock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.db import transaction

from designer.document.graph import Graph
from runs.machine.decide import decide
from runs.machine.events import Command, Decision, Dispatch, Event, StartChild
from runs.machine.states import State, evolve
from runs.store import interventions, reader, writer
from runs.store.database import Database, Sqlite, database, transaction_of
from runs.store.graph_cache import run_graph

AfterCommit = Callable[["Unit"], None]
T = TypeVar("T")

UNLOCKED_S_MAX = 1.0  # for so long after it was read, the database's time is told from this process's clock


class NeedsLock(Exception):
    """What was decided has consequences that are only written under the lock."""


class Unit:
    """A run inside a transaction, or before it. Events are taken one after the other."""

    def __init__(self, loaded: reader.Loaded, at: datetime | None = None, is_locked: bool = True) -> None:
        self.is_locked = is_locked
        self.run_id = loaded.rows.run_id
        self.at: datetime = at or loaded.at
        self.read_at = loaded.read_at
        self.loaded = loaded
        self.state: State = loaded.state
        self.graph: Graph = run_graph(loaded.version_id, loaded.state)
        self.decisions: list[Decision] = []
        self.commands: list[Command] = []
        self._notified: dict[str, Dispatch] = {}
        self.stored = loaded.state.run  # the run's row as it is in the database, for this transaction
        self.written = 0  # decisions

    def take(self, event: Event) -> Decision:
        """Decide one event; raises Refused or Stale, and then nothing of the unit has changed."""
        return self.record(decide(self.graph, self.state, event))

    def record(self, decision: Decision) -> Decision:
        added = self.state.run.added
        self.state = decision.state
        self.decisions.append(decision)
        self.commands += decision.commands
        self._notified |= {
            dispatch.step: dispatch for dispatch in decision.commands if isinstance(dispatch, Dispatch)
        }
        if decision.state.run.added != added:
            self.graph = run_graph(self.loaded.version_id, self.state)
        return decision

    @property
    def dispatches(self) -> list[Dispatch]:
        """Rings that still matter: a lease that was claimed in this very unit needs none."""
        return [
            dispatch
            for dispatch in self._notified.values()
            if self.state.step(dispatch.step).lease + 1 == dispatch.lease
        ]

    def changes(self) -> list[writer.Changes]:
        """What was decided and is not written yet: nothing, or all of it."""
        decisions = self.decisions[self.written :]
        if not decisions:
            return []
        interventions.project(self.run_id, decisions)
        notified = {dispatch.step: dispatch.queue for dispatch in self.dispatches}
        changes = reader.changes(self.run_id, decisions, notified, self.at, self.stored)
        self.written, self.stored = len(self.decisions), self.state.run
        return [changes]

    def require_plain(self) -> None:
        """Raise NeedsLock where more must be written than the run and what has changed of it."""
        entries = [entry for decision in self.decisions for entry in decision.entries]
        opens_case = any(entry.type.startswith("intervention.") for entry in entries)
        starts_others = any(isinstance(command, StartChild) for command in self.commands)
        dispatches_again = any(dispatch.step not in self.state.changed for dispatch in self.dispatches)
        if opens_case or starts_others or dispatches_again:
            raise NeedsLock

    def loaded_now(self) -> reader.Loaded:
        """What a later unit of this process may go on from, after the commit."""
        self.loaded.rows.absorb(self.state)
        is_undisturbed = self.loaded.is_undisturbed or not self.is_locked
        return evolve(
            self.loaded,
            state=self.state,
            at=self.at,
            read_at=self.read_at,
            is_undisturbed=is_undisturbed,
        )


@contextmanager
def unit_of(run: UUID | reader.Loaded, after_commit: AfterCommit) -> Iterator[Unit]:
    """Lock a run and take events in one transaction; `after_commit` then carries out the rest."""
    db = database()
    is_part = db.wrapper.in_atomic_block
    with transaction_of(db, reader.lock_query(db, run)) as work:
        unit = Unit(reader.locked(db, run, work.first))
        yield unit
        work.last = writer.statements(db, unit.changes())
        if is_part and unit.decisions:
            transaction.on_commit(lambda: after_commit(unit))
    if not is_part and unit.decisions:
        after_commit(unit)


def unit_that_goes_on(
    run: reader.Loaded, take: Callable[[Unit], T], after_commit: AfterCommit
) -> tuple[Unit, T]:
    """Take events of a run that this process has just read or written; without the lock where that can be.

    `take` may be called twice, and must do nothing but take events.
    """
    done = _without_lock(run, take)
    if done is not None:
        after_commit(done[0])
        return done
    with unit_of(run, after_commit) as unit:
        found = take(unit)
    return unit, found


def _without_lock(run: reader.Loaded, take: Callable[[Unit], T]) -> tuple[Unit, T] | None:
    """None, and nothing is written, where it takes the lock."""
    db = database()
    if db.wrapper.in_atomic_block or not _is_alone(run):
        return None
    unit = Unit(run, _time_of(db, run), is_locked=False)
    try:
        found = take(unit)
        unit.require_plain()
    except Exception:  # whatever it was is found again under the lock, where nothing moves
        return None
    at = db.write_if(writer.statements(db, unit.changes()))
    if at is None:
        return None
    unit.at, unit.read_at = at, time.monotonic()
    return unit, found


def _is_alone(run: reader.Loaded) -> bool:
    """Whether nobody else has reason to move a run that moved just now, or nobody did although he had."""
    state = run.state.run
    is_alone = run.is_undisturbed or state.active + state.undo_busy <= 1
    return is_alone and time.monotonic() - run.read_at < UNLOCKED_S_MAX


def _time_of(db: Database, run: reader.Loaded) -> datetime:
    """The database's time, without asking it."""
    if isinstance(db, Sqlite):
        return db.now()
    return run.at + timedelta(seconds=time.monotonic() - run.read_at)

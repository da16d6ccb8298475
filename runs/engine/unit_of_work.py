"""One unit of work on one run: lock, load, take events, write, commit, then act. No rules.

Theory of operation. A `Unit` is a run's state together with the decisions taken on it. Each event goes
through `runs.machine.decide`; nothing is written until the unit ends, when `changes` hands all decisions to
`runs.store.writer` as one batch. Effects outside the transaction (dispatches, hints, events for other runs)
follow the commit. They may be lost with the process: the sweep repeats them.

Locked path, `unit_of`. The first query of the transaction locks the run's row, and the last statements
travel with its COMMIT. Processes that compete for a run wait for each other at this row.

Optimistic path, `unit_that_goes_on`. A worker process that is alone on its run decides before it locks: the
UPDATE that advances the run matches only the `last_seq` that was read. If it matches no row, nothing is
written and the decision is repeated under the lock. After such a conflict `Loaded.is_undisturbed` is false,
and the next unit of this process begins with the lock if several steps of the run are active.

Group commit, `units_that_go_on`. Units of several runs that a process is alone on share one transaction: each
is decided and guarded by itself, so that what one of them meets changes nothing for the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db import transaction

from config.telemetry import options
from designer.document.graph import Graph
from runs.engine import slots
from runs.engine.lines import Joined
from runs.machine.decide import decide
from runs.machine.events import Command, Decision, Dispatch, Event, StartChild
from runs.machine.states import State, evolve
from runs.store import interventions, reader, waiting, writer
from runs.store import slots as stored_slots
from runs.store.database import Database, Statement, database
from runs.store.graph_cache import run_graph
from runs.store.transactions import transaction_of
from runs.tracing import following

AfterCommit = Callable[["Unit"], None]
T = TypeVar("T")

# A run that was read longer ago goes to the lock: other processes had time to advance it, and the estimate of
# the database's time by this process's clock drifts.
UNLOCKED_S_MAX = 1.0


class NeedsLock(Exception):
    """The decisions write more than the optimistic path can; they are repeated under the lock."""


class Unit:
    """A run and the events taken on it, inside a transaction or, where not `is_locked`, ahead of it."""

    def __init__(self, loaded: reader.Loaded, at: datetime | None = None, is_locked: bool = True) -> None:
        self.is_locked = is_locked
        self.run_id = loaded.rows.run_id
        self.at: datetime = at or loaded.at
        self.read_at = loaded.read_at
        self.loaded = loaded
        self.state: State = loaded.state
        self.graph: Graph = run_graph(loaded.version_id, loaded.state, loaded.body)
        self.decisions: list[Decision] = []
        self.commands: list[Command] = []
        self._notified: dict[str, Dispatch] = {}
        self.stored = loaded.state.run  # the run's row as this transaction sees it
        self.awaits_event = False  # a step began to wait for an event, which may have come before
        self.joined: Joined | None = None  # the place in its line of a run that this unit creates
        self.written = 0  # how many of `decisions` have been turned into statements
        self.first = ""  # the step whose dispatch goes to the front of its queue
        self.touched_limits: set[str] = set()  # of which slots are to be offered after the commit
        self._slots_taken: dict[str, datetime] = {}  # by step, when its slot was found free

    def take(self, event: Event) -> Decision:
        """Decides one event. Raises Refused or Stale, and leaves the unit as it was."""
        return self.record(decide(self.graph, self.state, event))

    def record(self, decision: Decision) -> Decision:
        """Adds a decision that was made on the unit's present state."""
        added = self.state.run.added
        self.state = decision.state
        self.decisions.append(decision)
        self.commands += decision.commands
        self._notified |= {
            dispatch.step: dispatch for dispatch in decision.commands if isinstance(dispatch, Dispatch)
        }
        if decision.state.run.added != added:
            self.graph = run_graph(self.loaded.version_id, self.state, self.loaded.body)
        return decision

    @property
    def offers(self) -> list[Dispatch]:
        """Steps that may be claimed, now or when there is a slot; none that was claimed in this unit."""
        return [
            dispatch
            for dispatch in self._notified.values()
            if self.state.step(dispatch.step).lease + 1 == dispatch.lease
        ]

    @property
    def dispatches(self) -> list[Dispatch]:
        """Dispatches still needed; a step that needs a slot is dispatched when its turn comes."""
        return [dispatch for dispatch in self.offers if dispatch.limit is None]

    def take_slot(self, step: str) -> bool:
        """Whether the next attempt of a step may begin, as far as its named limit is concerned.

        Raises NeedsLock ahead of the transaction: slots are counted under the lock of their limit.
        """
        limit = slots.limit_wanted(self.graph, self.state, step) if self.graph.has_limits else None
        if limit is None:
            return True
        if not self.is_locked:
            raise NeedsLock
        db = database()
        freed = [change for change in self._slot_changes() if change.standing == "none"]
        db.write(stored_slots.statements(db, self.run_id, freed))  # they count no more
        at = stored_slots.free_at(db, self.run_id, slots.wish(self.state, step, limit, self.at))
        if at is not None:
            self._slots_taken[step] = at
        return at is not None

    def _slot_changes(self) -> list[stored_slots.SlotChange]:
        if not self.graph.has_limits:
            return []
        offers = {dispatch.step: dispatch for dispatch in self.offers}
        changes = slots.changes(self.graph, self.loaded.state, self.state, offers, self.at)
        self.touched_limits |= slots.touched(self.graph, changes)
        return [replace(change, taken_at=self._slots_taken.get(change.step)) for change in changes]

    @property
    def leaves_line(self) -> bool:
        """Whether the run ends in this unit, and others of its workflow may wait for that."""
        has_ended = self.state.run.phase == "ended" and self.loaded.state.run.phase != "ended"
        return has_ended and self.graph.lines_up

    def changes(self) -> list[writer.Changes]:
        """The decisions since the last call as one batch for the writer; an empty list if there are none."""
        decisions = self.decisions[self.written :]
        if not decisions:
            return []
        interventions.project(self.run_id, self.loaded.workflow, decisions)
        self.awaits_event |= waiting.project(
            self.run_id, self.loaded.workflow, self.graph, self.state, self.at
        )
        notified = {dispatch.step: dispatch.queue for dispatch in self.dispatches}
        slot_changes = self._slot_changes()
        changes = reader.changes(self.run_id, decisions, notified, self.at, self.stored, slot_changes)
        if self.leaves_line:
            changes = replace(changes, ended_at=self.at)
        self.written, self.stored = len(self.decisions), self.state.run
        return [changes]

    def require_plain(self) -> None:
        """Raises NeedsLock if more must be written than the run, its entries and its changed steps.

        Only these fit into the part that `write_each_if` guards by `last_seq`.
        """
        entries = [entry for decision in self.decisions for entry in decision.entries]
        opens_intervention = any(entry.type.startswith("intervention.") for entry in entries)
        starts_others = any(isinstance(command, StartChild) for command in self.commands)
        dispatches_again = any(dispatch.step not in self.state.changed for dispatch in self.dispatches)
        asks_people = any(waiting.waiting_steps(self.graph, self.state))
        if opens_intervention or starts_others or dispatches_again or asks_people:
            raise NeedsLock
        if self.leaves_line or self._slot_changes():
            raise NeedsLock

    def follow(self) -> None:
        """Sends spans of what this unit has ended, after its commit and before `loaded_now`."""
        if options.TRACES:
            following.follow(self.loaded, self.graph, self.decisions)

    def loaded_now(self) -> reader.Loaded:
        """The run as it is stored after the commit; this process's next unit goes on from it unread."""
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
    """Locks a run and takes events in one transaction; `after_commit` is called with the committed unit.

    Inside a transaction of the caller, `after_commit` waits for the outermost commit. Raises UnknownRun.
    """
    db = database()
    is_part = db.wrapper.in_atomic_block
    with transaction_of(db, reader.lock_query(db, run)) as work:
        unit = Unit(reader.locked(db, run, work.first))
        yield unit
        work.last = writer.statements(db, unit.changes())
        if is_part and unit.decisions:
            transaction.on_commit(lambda: _committed(unit, after_commit))
    if not is_part and unit.decisions:
        _committed(unit, after_commit)


def _committed(unit: Unit, after_commit: AfterCommit) -> None:
    unit.follow()
    after_commit(unit)


def unit_that_goes_on(
    run: reader.Loaded, take: Callable[[Unit], T], after_commit: AfterCommit
) -> tuple[Unit, T]:
    """Takes events of a run that this process has just read or written, on the optimistic path if possible.

    Returns the committed unit and what `take` returned. `take` may be called twice, with a fresh unit each
    time, and must do nothing but take events.
    """
    (committed,) = units_that_go_on([(run, take)])
    if committed is not None:
        after_commit(committed[0])
        return committed
    with unit_of(run, after_commit) as unit:
        result = take(unit)
    return unit, result


def units_that_go_on(
    runs: Sequence[tuple[reader.Loaded, Callable[[Unit], T]]],
) -> list[tuple[Unit, T] | None]:
    """Takes events of several runs on the optimistic path, all in one transaction; each run stands once.

    Returns for each run its committed unit, the effects of which the caller carries out, and what `take`
    returned; None, with nothing written of it, for one that needs the lock.
    """
    db = database()
    decided = [None if db.wrapper.in_atomic_block else _decided(db, *run) for run in runs]
    # Rows are locked in the order of their keys, so that two processes never wait for each other.
    order = sorted((i for i, one in enumerate(decided) if one), key=lambda i: runs[i][0].rows.run_id)
    found: list[tuple[Unit, T] | None] = [None for _ in runs]
    parts = [one for i in order if (one := decided[i]) is not None]
    times = db.write_each_if([statements for _, _, statements in parts], writer.JOINTS) if parts else []
    for i, (unit, result, _), at in zip(order, parts, times, strict=True):
        if at is not None:
            unit.at, unit.read_at = at, time.monotonic()
            unit.follow()
            found[i] = unit, result
    return found


def _decided(
    db: Database, run: reader.Loaded, take: Callable[[Unit], T]
) -> tuple[Unit, T, list[Statement]] | None:
    """Decides without the lock. Returns None if the lock is needed."""
    if not _is_alone(run):
        return None
    unit = Unit(run, db.now_unasked(run.at, time.monotonic() - run.read_at), is_locked=False)
    try:
        result = take(unit)
        unit.require_plain()
        statements = writer.statements(db, unit.changes())
    except Exception:  # may come from a state that is outdated; under the lock it recurs if it is real
        return None
    return (unit, result, statements) if statements else None


def _is_alone(run: reader.Loaded) -> bool:
    """Whether a conflict is unlikely: one step is active at most, or no other process advanced the run."""
    state = run.state.run
    is_alone = run.is_undisturbed or state.active + state.undo_busy <= 1
    return is_alone and time.monotonic() - run.read_at < UNLOCKED_S_MAX

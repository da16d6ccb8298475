"""One unit of work on one run: lock it, take events, write everything, commit, then act.

What must happen outside (rings, hints, other runs) is done after the commit and may be lost:
the sweep finds whatever was not done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from designer.graph import Graph
from runs import cases, store
from runs.database import Database, Statement, database, transaction_of
from runs.graphs import run_graph
from runs.machine.decide import decide
from runs.machine.messages import Command, Decision, Event, Ring
from runs.machine.states import State

AfterCommit = Callable[["Unit"], None]


class Unit:
    """A locked run inside a transaction. Events are taken one after the other."""

    def __init__(self, loaded: store.Loaded) -> None:
        self.run_id = loaded.rows.run_id
        self.at: datetime = loaded.at
        self.loaded = loaded
        self.state: State = loaded.state
        self.graph: Graph = run_graph(loaded.version_id, loaded.state)
        self.decisions: list[Decision] = []
        self.stored = loaded.state.run  # the run's row as it is in the database, for this transaction
        self.written = 0  # decisions

    def take(self, event: Event) -> Decision:
        """Decide one event; raises Refused or Stale, and then nothing of the unit has changed."""
        return self.record(decide(self.graph, self.state, event))

    def record(self, decision: Decision) -> Decision:
        added = self.state.run.added
        self.state = decision.state
        self.decisions.append(decision)
        if decision.state.run.added != added:
            self.graph = run_graph(self.loaded.version_id, self.state)
        return decision

    @property
    def commands(self) -> list[Command]:
        return [command for decision in self.decisions for command in decision.commands]

    @property
    def rings(self) -> list[Ring]:
        """Rings that still matter: a lease that was claimed in this very unit needs none."""
        rings = {ring.step: ring for ring in self.commands if isinstance(ring, Ring)}
        return [ring for ring in rings.values() if self.state.step(ring.step).lease + 1 == ring.lease]

    def changes(self, db: Database) -> list[Statement]:
        """What writes all that was decided and is not written yet."""
        decisions = self.decisions[self.written :]
        if not decisions:
            return []
        cases.project(self.run_id, decisions)
        rung = {ring.step: ring.queue for ring in self.rings}
        statements = store.changes(db, self.run_id, decisions, rung, self.at, self.stored)
        self.written, self.stored = len(self.decisions), self.state.run
        return statements

    def loaded_now(self) -> store.Loaded:
        """What a later unit of this process may go on from, after the commit."""
        self.loaded.rows.absorb(self.state)
        return replace(self.loaded, state=self.state)


@contextmanager
def unit_of(run: UUID | store.Loaded, after_commit: AfterCommit) -> Iterator[Unit]:
    """Lock a run and take events in one transaction; `after_commit` then carries out the rest."""
    db = database()
    is_part = db.wrapper.in_atomic_block
    with transaction_of(db, store.lock_query(db, run)) as work:
        unit = Unit(store.locked(db, run, work.first))
        yield unit
        work.last = unit.changes(db)
        if is_part and unit.decisions:
            transaction.on_commit(lambda: after_commit(unit))
    if not is_part and unit.decisions:
        after_commit(unit)

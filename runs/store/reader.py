"""Rows → machine state, in few hand-written statements; `runs.store.writer` goes the other way. No rules.

The run's row is the only lock of a run: PostgreSQL reads it with `FOR UPDATE`, and SQLite's IMMEDIATE
transactions admit one writer at a time. Steps and payloads are read when they are asked for, as most events
need one or two steps of a run that may have thousands.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from config.lib.json import stored_bytes
from runs.errors import UnknownRun
from runs.machine.events import Decision
from runs.machine.states import RUN_STARTED, RunState, State, StepState, evolve
from runs.store.codec import unpack
from runs.store.database import Database, Query, Row, database
from runs.store.graph_cache import version_graph
from runs.store.payload_cache import INPUT, cache
from runs.store.slots import SlotChange
from runs.store.writer import Changes

DISPATCH_GRACE_S = 5.0  # the sweep looks into a dispatch that nobody has claimed for so long
ROWS_PER_STATEMENT = 500
SMALL_GRAPH_STEPS = 50  # the steps of a graph of so many are read together as soon as one is needed

RUN_SQL = (
    "SELECT version_id, state, error, workflow_name, parent_id, parent_step, body, trial, {input}"
    " FROM runs_run WHERE id = %s AND pruned_at IS NULL"
)
WHOLE_RUN_SQL, BARE_RUN_SQL = RUN_SQL.format(input="input"), RUN_SQL.format(input="NULL")
INPUT_SQL = "SELECT input, state, parent_id FROM runs_run WHERE id = %s"
LAST_SEQ_SQL = "SELECT last_seq FROM runs_run WHERE id = %s"
STEP_SQL = "SELECT name, state, error FROM runs_steprun WHERE run_id = %s"

DUE = {
    "steps": "runs_steprun WHERE due_at <= {now}",
    "runs": "runs_run WHERE due_at <= {now}",
    "schedules": "runs_trigger WHERE due_at <= {now}",
    "held_inputs": "runs_heldinput WHERE due_at <= {now}",
    "events": "runs_keptevent WHERE due_at <= {now}",
    "event_waits": "runs_eventwait WHERE due_at <= {now}",
    "reminders": "runs_approval WHERE remind_at <= {now}",
    "limits": "designer_limit WHERE due_at <= {now}",
    "lines": "runs_line WHERE due_at <= {now}",
    "deliveries": "runs_delivery WHERE due_at <= {now}",
    "mails": "runs_casemail WHERE ended_at IS NULL AND due_at <= {now}",
}
DUE_SQL = f"SELECT {{now}}, {', '.join(f'EXISTS (SELECT 1 FROM {those})' for those in DUE.values())}"

LIVE_FAMILY_SQL = (
    "SELECT EXISTS (SELECT 1 FROM runs_run WHERE parent_id IS NOT NULL AND status IN ({live}))"
    " OR EXISTS (SELECT 1 FROM runs_run AS child JOIN runs_run AS parent ON child.parent_id = parent.id"
    " WHERE parent.status IN ({live}))"
).format(live=", ".join(f"'{status}'" for status in RUN_STARTED))


@dataclass(frozen=True)
class Loaded:
    """A run as it was read at the database's time `at`. `state` reads its steps and payloads from `rows`.

    `read_at`: the same moment by this process's monotonic clock. `is_undisturbed`: no other process advanced
    the run between the last two reads of this process, or this is the first read. `body`: the path of the
    body that it runs; empty for a whole workflow.
    """

    version_id: int
    workflow: str
    state: State
    rows: Rows
    at: datetime
    parent_id: UUID | None
    parent_step: str
    read_at: float = 0.0
    is_undisturbed: bool = False
    body: str = ""
    is_trial: bool = False


def now() -> datetime:
    """The database's time."""
    return database().now()


def due() -> tuple[datetime, list[str]]:
    """The database's time, and the names in DUE of which some row is due; in one query."""
    at, *are_due = database().row_now(DUE_SQL)
    return at, [name for name, is_due in zip(DUE, are_due, strict=True) if is_due]


def has_live_families() -> bool:
    """Whether any child run, or any parent of one, is under way."""
    return bool(database().rows((LIVE_FAMILY_SQL, ()))[0][0])


def load(run_id: UUID) -> Loaded:
    """Reads a run's row, without a lock. Raises UnknownRun."""
    db = database()
    rows = db.rows(db.timed(_run_query(db, run_id)))
    return evolve(_loaded(run_id, rows, db.time_with(rows)), is_undisturbed=True)


def lock_query(db: Database, run: UUID | Loaded) -> Query:
    """The query that locks a run's row; it reads only `last_seq` of a run that this process has read."""
    if isinstance(run, UUID):
        return db.locked(_run_query(db, run))
    return db.locked((LAST_SEQ_SQL, [db.key(run.rows.run_id)]))


def locked(db: Database, run: UUID | Loaded, rows: list[Row]) -> Loaded:
    """The run of which `lock_query` returned `rows`. Raises UnknownRun.

    A run that this process has read before is read again only if its `last_seq` has changed.
    """
    at = db.time_with(rows)
    if isinstance(run, UUID):
        return _loaded(run, rows, at)
    if rows and rows[0][0] == run.state.run.last_seq:
        return evolve(run, at=at, read_at=time.monotonic(), is_undisturbed=True)
    run_id = run.rows.run_id
    return _loaded(run_id, db.rows(_run_query(db, run_id)), at)


def _run_query(db: Database, run_id: UUID) -> Query:
    """The query of a run's row, without the input if that is cached: it may have megabytes."""
    is_cached = bool(cache.get(run_id, [INPUT]))
    return BARE_RUN_SQL if is_cached else WHOLE_RUN_SQL, [db.key(run_id)]


def _loaded(run_id: UUID, run_rows: list[Row], at: datetime) -> Loaded:
    if not run_rows:
        raise UnknownRun(run_id)
    version_id, packed, error, workflow, parent_id, parent_step, body, is_trial, input = run_rows[0][:9]
    run = unpack(RunState, json_of(packed), id=str(run_id), error=json_of(error))
    parent = None if parent_id is None else UUID(str(parent_id))
    outer = None if run.imported else run.outer  # the file of an imported run had its input whole
    stored = _stored_input(run_id) if input is None else _kept_input(run_id, input, outer, parent)
    rows = Rows(run_id, partial(_small_graph, version_id, body or ""))
    state = State(run, stored.whole(), rows)
    about = (version_id, workflow, state, rows, at, parent, parent_step, time.monotonic())
    return Loaded(*about, body=body or "", is_trial=bool(is_trial))


def _small_graph(version_id: int, body: str) -> list[str]:
    """The names of the steps of a graph if they are few, else nothing."""
    steps = version_graph(version_id).at(body).steps
    return [step.name for step in steps] if len(steps) <= SMALL_GRAPH_STEPS else []


class StoredInput(NamedTuple):
    """The input of a run as its row has it; that of a body lies over what it shares with its surroundings."""

    own: Any
    outer: int | None
    parent: UUID | None

    def whole(self) -> Any:
        """What the run began with; see `StartChild`."""
        if self.outer is None or self.parent is None:
            return self.own
        shared = Rows(self.parent).payload(self.outer) if self.outer else {}
        return {**_stored_input(self.parent).whole(), **shared, **self.own}


def _stored_input(run_id: UUID) -> StoredInput:
    """The stored input from the cache, or from the row if that has dropped it since a query left it out."""
    cached = cache.get(run_id, [INPUT])
    if cached:
        stored: StoredInput = cached[INPUT]
        return stored
    db = database()
    ((input, state, parent),) = db.rows((INPUT_SQL, [db.key(run_id)]))
    parent_id = None if parent is None else UUID(str(parent))
    return _kept_input(run_id, input, json_of(state).get("outer"), parent_id)


def _kept_input(run_id: UUID, column: Any, outer: int | None, parent: UUID | None) -> StoredInput:
    stored = StoredInput(json_of(column), outer, parent)
    _keep(run_id, INPUT, stored, column)
    return stored


def _keep(run_id: UUID, seq: int, value: Any, text: Any) -> None:
    """Puts what a JSON column gave into the cache."""
    if isinstance(text, str):
        cache.put(run_id, seq, value, len(text))


def changes(
    run_id: UUID,
    decisions: Sequence[Decision],
    notified: Mapping[str, str],
    at: datetime,
    before: RunState,
    slots: Sequence[SlotChange] = (),
) -> Changes:
    """The changes by decisions on a run that is stored as `before`. `notified`: queue by step."""
    state = decisions[-1].state
    entries = [entry for decision in decisions for entry in decision.entries]
    dispatch_due = at + timedelta(seconds=DISPATCH_GRACE_S)
    steps = list(state.changed.values())
    return Changes(run_id, before, state.run, entries, steps, notified, dispatch_due, slots)


class Rows:
    """The stored steps and payloads of one run, read when they are needed and kept."""

    def __init__(self, run_id: UUID, small_graph: Callable[[], list[str]] = list) -> None:
        """`small_graph`: the names of steps that are read together as soon as one is needed.

        By their names, as a run may have very many items beside them.
        """
        self.run_id = run_id
        self._steps: dict[str, StepState | None] = {}
        self._has_all = False
        self._small_graph = small_graph
        self._has_small = False

    @classmethod
    def of_new_run(cls, run_id: UUID) -> Rows:
        """The rows of a run of which nothing is stored yet."""
        rows = cls(run_id)
        rows._has_all = True
        return rows

    def step(self, name: str) -> StepState | None:
        if name not in self._steps and not self._has_all:
            map_name, _, index = name.partition("[")
            parent = self._steps.get(map_name) if index else None
            if not index:
                self._read_named([name])
            elif parent is None or int(index[:-1]) < parent.items_next:  # a later item has no row yet
                self._read(" AND name = %s", name)
            self._steps.setdefault(name)
        return self._steps.get(name)

    def _read_named(self, names: list[str]) -> None:
        """Reads the steps that have not been read, and with the first of them the others of a small graph."""
        missing = [name for name in names if name not in self._steps]
        if not self._has_small and not all(name.endswith("]") for name in missing):
            self._has_small = True
            missing += {*self._small_graph()} - {*self._steps, *missing}
        if not missing:
            return
        self._steps.update(dict.fromkeys(missing))
        if len(missing) == 1:
            self._read(" AND name = %s", *missing)
        else:
            those, values = database().many(missing, "text")
            self._read(f" AND name IN ({those})", *values)

    def steps(self) -> dict[str, StepState]:
        if not self._has_all:
            self._read("")
            self._has_all = True
        return {name: step for name, step in self._steps.items() if step is not None}

    def items(self, name: str) -> dict[str, StepState]:
        if not self._has_all:
            self._read(" AND substr(name, 1, %s) = %s", len(name) + 1, f"{name}[")
        return {key: step for key, step in self._steps.items() if step is not None and step.map_name == name}

    def steps_named(self, names: list[str]) -> dict[str, StepState]:
        """The stored steps among `names`."""
        if not self._has_all:
            self._read_named(names)
        steps = ((name, self._steps.get(name)) for name in names)
        return {name: step for name, step in steps if step is not None}

    def absorb(self, state: State) -> None:
        """Takes over the changed steps of `state`, which have been written."""
        self._steps.update(state.changed)
        state.changed = {}

    def payload(self, seq: int) -> Any:
        return self.payloads([seq])[seq]

    def payloads(self, seqs: list[int]) -> dict[int, Any]:
        payloads = cache.get(self.run_id, seqs)
        missing = [seq for seq in seqs if seq not in payloads]
        for start in range(0, len(missing), ROWS_PER_STATEMENT):
            part = missing[start : start + ROWS_PER_STATEMENT]
            marks = ", ".join(["%s"] * len(part))
            sql = f"SELECT seq, payload FROM runs_journalentry WHERE run_id = %s AND seq IN ({marks})"
            db = database()
            for seq, payload in db.rows((sql, [db.key(self.run_id), *part])):
                payloads[seq] = json_of(payload)
                _keep(self.run_id, seq, payloads[seq], payload)
        return payloads

    def derived(self, seq: int, make: Callable[[], Any]) -> Any:
        cached = cache.get(self.run_id, [-seq])
        if not cached:
            cached = {-seq: make()}
            cache.put(self.run_id, -seq, cached[-seq], stored_bytes(cached[-seq]))
        return cached[-seq]

    def _read(self, where: str, *values: Any) -> None:
        db = database()
        for name, state, error in db.rows((f"{STEP_SQL}{where} ORDER BY id", [db.key(self.run_id), *values])):
            self._steps[name] = unpack(StepState, json_of(state), name=name, error=json_of(error))


def json_of(value: Any) -> Any:
    """The value of a JSON column, which SQLite returns as text and PostgreSQL as an object."""
    return orjson.loads(value) if isinstance(value, str | bytes) else value

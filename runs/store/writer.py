"""Machine state → statements of the database at hand; `runs.store.reader` goes the other way. No rules.

SQLite gets one statement a row, as a statement costs little more than its row. PostgreSQL gets a run, its
entries and its steps in one statement (`WITH moved AS …, noted AS …, saved AS …`), rows as one JSON array
each, as a statement costs more than the rows it writes. That statement also is the whole transaction of the
optimistic path: if the run's row does not match `last_seq`, `moved` is empty and nothing is inserted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from config.lib.json import json_text
from runs.machine.events import Entry
from runs.machine.states import RunState, StepState
from runs.models import Run
from runs.store import slots
from runs.store.codec import pack
from runs.store.database import Database, Row, Statement
from runs.store.prepared_statements import Joint, Values

AsJson = Callable[[str], Any]  # how a database takes JSON text within a row

RUN_COLUMNS = frozenset({"id", "error"})
STEP_COLUMNS = frozenset({"name", "error"})

ENTRY_FIELDS = {
    "run_id": "uuid",
    "seq": "integer",
    "type": "text",
    "step": "text",
    "attempt": "integer",
    "at": "timestamptz",
    "status": "text",
    "data": "jsonb",
    "payload": "jsonb",
}
STEP_FIELDS = {
    "run_id": "uuid",
    "name": "text",
    "status": "text",
    "undo": "text",
    "attempt": "integer",
    "undo_attempt": "integer",
    "lease": "integer",
    "process": "text",
    "queue": "text",
    "state": "jsonb",
    "error": "jsonb",
    "output_seq": "integer",
    "started_at": "timestamptz",
    "finished_at": "timestamptz",
    "due_at": "timestamptz",
}
STEP_KEY = ("run_id", "name")
UPDATED = ", ".join(f"{name}=excluded.{name}" for name in STEP_FIELDS if name not in STEP_KEY)
UPSERT = f"ON CONFLICT ({', '.join(STEP_KEY)}) DO UPDATE SET {UPDATED}"

RUN_FIELDS = [field.attname for field in Run._meta.concrete_fields]
INSERT_RUN_SQL = (
    f"INSERT INTO runs_run ({', '.join(str(field.column) for field in Run._meta.concrete_fields)})"
    f" VALUES ({', '.join(['%s'] * len(RUN_FIELDS))})"
)
MOVE_RUN_SQL = "UPDATE runs_run SET state=%s, last_seq=%s, done=%s WHERE id=%s AND last_seq=%s"
SAVE_RUN_SQL = (
    "UPDATE runs_run SET state=%s, last_seq=%s, done=%s, status=%s, error=%s, total=%s,"
    " left_undone=%s, started_at=%s, finished_at=%s, due_at=%s, tally_at=%s, paused_at=%s"
    " WHERE id=%s AND last_seq=%s"
)
LEAVE_LINE_SQL = "UPDATE runs_place SET ended_at=%s WHERE run_id=%s"
DUE_SQL = "UPDATE runs_steprun SET due_at=%s WHERE run_id=%s AND name=%s"


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything to be written of one run since its row was `before`.

    `notified`: queue by dispatched step. `dispatch_due`: when the sweep looks into these dispatches. `slots`:
    standings towards named limits. `ended_at`: the run leaves the line of its workflow then.
    """

    run_id: UUID
    before: RunState
    after: RunState
    entries: Sequence[Entry]
    steps: Sequence[StepState]
    notified: Mapping[str, str]
    dispatch_due: datetime
    slots: Sequence[slots.SlotChange] = ()
    ended_at: datetime | None = None

    @property
    def has_moved(self) -> bool:
        """Whether the run's row must be written."""
        return self.after is not self.before

    @property
    def notified_again(self) -> list[str]:
        """Steps that are dispatched again although nothing of them has changed."""
        changed = {step.name for step in self.steps}
        return [name for name in self.notified if name not in changed]


def statements(db: Database, changes: Sequence[Changes]) -> list[Statement]:
    """The statements that write the changes. The first matches a run only by its `last_seq` of before."""
    again = [
        (db.time(one.dispatch_due), db.key(one.run_id), name)
        for one in changes
        for name in one.notified_again
    ]
    if db.writes_by_row:
        entries, steps = _rows(db, changes, str)
        batch = [_run_statement(db, one) for one in changes if one.has_moved]
        batch += [(JOURNAL_SQL, entries), (SAVE_STEP_SQL, steps)]
    else:
        batch = [_joint_statement(db, [one]) for one in changes if one.has_moved]
        unmoved = [one for one in changes if not one.has_moved and (one.entries or one.steps)]
        if unmoved:
            batch.append(_joint_statement(db, unmoved))
    batch.append((DUE_SQL, again))
    for one in changes:
        batch += slots.statements(db, one.run_id, one.slots)
        if one.ended_at is not None:
            batch.append((LEAVE_LINE_SQL, [(db.time(one.ended_at), db.key(one.run_id))]))
    return [(sql, values) for sql, values in batch if values]


def _run_statement(db: Database, changes: Changes) -> Statement:
    """The UPDATE of a run's row; names indexed columns only if they change, so that no index is touched."""
    run, before = changes.after, changes.before
    moved = (json_text(pack(run, RUN_COLUMNS)), run.last_seq, run.done)
    where = (db.key(changes.run_id), before.last_seq)
    if _columns(before) == _columns(run):
        return MOVE_RUN_SQL, [(*moved, *where)]
    error = None if run.error is None else json_text(run.error)
    finished_at = db.time(run.finished_at)
    times = (
        db.time(run.started_at),
        finished_at,
        db.time(_due_at(run)),
        finished_at,
        db.time(run.paused_at),
    )
    return SAVE_RUN_SQL, [(*moved, run.status.value, error, run.total, run.left_undone, *times, *where)]


def _due_at(run: RunState) -> datetime | None:
    """When the sweep looks at a run; a paused one does not time out."""
    return run.due_at if run.paused_at is None else None


def run_columns(run: RunState) -> dict[str, Any]:
    """The columns of a run's row that hold its state, as values for the ORM."""
    names = ("error", "last_seq", "done", "total", "started_at", "finished_at", "due_at")
    state = orjson.loads(json_text(pack(run, RUN_COLUMNS)))
    due = {"due_at": _due_at(run)}
    columns = {"status": run.status.value, "left": run.left_undone, "tally_at": run.finished_at}
    return columns | {"state": state} | {name: getattr(run, name) for name in names} | due


def _columns(run: RunState) -> Row:
    times = run.started_at, run.finished_at, run.due_at, run.paused_at
    return run.status, run.error, run.total, run.left_undone, *times


def new_runs(db: Database, runs: Sequence[Run]) -> Statement:
    """Inserts runs, as `bulk_create` does, at a fraction of its cost."""
    for run in runs:
        run._state.adding, run._state.db = False, db.wrapper.alias
    return INSERT_RUN_SQL, [
        tuple(_stored(db, value) for value in map(vars(run).__getitem__, RUN_FIELDS)) for run in runs
    ]


def _stored(db: Database, value: Any) -> Any:
    """The value of a model's field, for its column."""
    if isinstance(value, UUID):
        return db.key(value)
    if isinstance(value, datetime):
        return db.time(value)
    return json_text(value) if isinstance(value, dict) else value


# --- rows of entries and steps ---


def _entry_row(db: Database, key: Any, entry: Entry, as_json: AsJson) -> Row:
    return (
        key,
        entry.seq,
        entry.type,
        entry.step,
        entry.attempt,
        db.time(entry.at),
        entry.status,
        as_json(json_text(entry.data)),
        None if entry.payload is None else as_json(json_text(entry.payload)),
    )


def _step_row(db: Database, key: Any, changes: Changes, step: StepState, as_json: AsJson) -> Row:
    is_notified = step.name in changes.notified
    return (
        key,
        step.name,
        step.status.value,
        step.undo.value,
        step.attempt,
        step.undo_attempt,
        step.lease,
        step.process,
        changes.notified.get(step.name, ""),
        as_json(json_text(pack(step, STEP_COLUMNS))),
        None if step.error is None else as_json(json_text(step.error)),
        step.output_seq,
        db.time(step.started_at),
        db.time(step.finished_at),
        db.time(changes.dispatch_due if is_notified else _step_due_at(changes.after, step)),
    )


def _step_due_at(run: RunState, step: StepState) -> datetime | None:
    """When the sweep looks at a step; of a paused run only the ends of leases count."""
    return step.due_at if run.paused_at is None or step.process else None


def _rows(db: Database, changes: Sequence[Changes], as_json: AsJson) -> tuple[list[Row], list[Row]]:
    entries: list[Row] = []
    steps: list[Row] = []
    for one in changes:
        key = db.key(one.run_id)
        entries += [_entry_row(db, key, entry, as_json) for entry in one.entries]
        steps += [_step_row(db, key, one, step, as_json) for step in one.steps]
    return entries, steps


# --- a statement for each row ---


def _insert(table: str, fields: Iterable[str], then: str = "") -> str:
    names = list(fields)
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))}) {then}"


JOURNAL_SQL = _insert("runs_journalentry", ENTRY_FIELDS)
SAVE_STEP_SQL = _insert("runs_steprun", STEP_FIELDS, UPSERT)


# --- one statement for everything, its rows as JSON ---


def _insert_json(table: str, fields: Mapping[str, str], source: str, then: str = "") -> str:
    """A statement that inserts the rows of one JSON array; nothing if the relation `source` is empty."""
    columns = ", ".join(f"{name} {type}" for name, type in fields.items())
    return (
        f"INSERT INTO {table} ({', '.join(fields)})"
        f" SELECT new.* FROM {source}json_to_recordset(%s) AS new({columns}) {then}"
    )


def _together(run_sql: str = "") -> str:
    """One statement for a run, its entries and its steps. It returns a row if the run was as before."""
    source = "moved, " if run_sql else ""
    parts = [f"moved AS ({run_sql} RETURNING id)"] if run_sql else []
    parts += [
        f"noted AS ({_insert_json('runs_journalentry', ENTRY_FIELDS, source)})",
        f"saved AS ({_insert_json('runs_steprun', STEP_FIELDS, source, UPSERT)})",
    ]
    time = "SELECT clock_timestamp() FROM moved" if run_sql else "SELECT clock_timestamp()"
    return f"WITH {', '.join(parts)} {time}"


TOGETHER_SQL = {sql: _together(sql) for sql in ("", MOVE_RUN_SQL, SAVE_RUN_SQL)}


# --- one statement for several runs that move ---

MOVED_FIELDS = {"state": "jsonb", "last_seq": "integer", "done": "integer", "id": "uuid", "before": "integer"}


def _moves_sql() -> str:
    columns = ", ".join(f"{name} {type}" for name, type in MOVED_FIELDS.items())
    of_moved = "WHERE new.run_id = ANY(ARRAY(SELECT id FROM moved))"  # in the order of the array
    return (
        "WITH moved AS (UPDATE runs_run SET state=new.state, last_seq=new.last_seq, done=new.done"
        f" FROM json_to_recordset(%s) AS new({columns})"
        " WHERE runs_run.id=new.id AND runs_run.last_seq=new.before RETURNING runs_run.id),"
        f" noted AS ({_insert_json('runs_journalentry', ENTRY_FIELDS, '', of_moved)}),"
        f" saved AS ({_insert_json('runs_steprun', STEP_FIELDS, '', f'{of_moved} {UPSERT}')})"
        " SELECT clock_timestamp(), id FROM moved"
    )


def _moves_values(moves: Sequence[Values]) -> Values:
    """The values of the joint statement, of those of the statement for each run."""
    rows = [dict(zip(MOVED_FIELDS, (orjson.Fragment(move[0]), *move[1:-2]), strict=True)) for move in moves]
    *_, entries, steps = zip(*moves, strict=True)
    return orjson.dumps(rows).decode(), _joined(entries), _joined(steps)


def _joined(arrays: Iterable[str]) -> str:
    """One JSON array of the members of several."""
    return f"[{','.join(filter(None, (array[1:-1] for array in arrays)))}]"


LOCK_SQL = "SELECT 1 FROM runs_run WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
KEY = -4  # among the values of a run that moves or is saved: before its `last_seq`, entries and steps
JOINTS = {TOGETHER_SQL[MOVE_RUN_SQL]: Joint(_moves_sql(), _moves_values, KEY, LOCK_SQL)}


def _joint_statement(db: Database, changes: Sequence[Changes]) -> Statement:
    run_sql, values = _run_statement(db, changes[0]) if changes[0].has_moved else ("", [()])
    entries, steps = _rows(db, changes, orjson.Fragment)
    return TOGETHER_SQL[run_sql], [(*values[0], _array(ENTRY_FIELDS, entries), _array(STEP_FIELDS, steps))]


def _array(fields: Iterable[str], rows: Iterable[Row]) -> str:
    names = list(fields)
    return orjson.dumps([dict(zip(names, row, strict=True)) for row in rows]).decode()

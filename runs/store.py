"""Rows ↔ machine state, in few hand-written statements. No rules.

Everything here runs inside the caller's transaction. The run's row is the one lock: it is read
with `FOR UPDATE` on PostgreSQL, and SQLite's IMMEDIATE transactions let one writer in at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.backends.utils import CursorWrapper

from runs.codec import pack, unpack
from runs.errors import UnknownRun
from runs.machine.messages import Decision, Entry
from runs.machine.states import RunState, State, StepState
from runs.payloads import INPUT, cache
from runs.text import json_text

RING_GRACE_S = 5.0  # a ring that was not answered for so long is looked into by the sweep
ROWS_PER_STATEMENT = 500
RUN_COLUMNS = frozenset({"id", "error"})
STEP_COLUMNS = frozenset({"name", "error"})

RUN_SQL = (
    "SELECT version_id, state, error, workflow_name, parent_id, parent_step FROM runs_run"
    " WHERE id = %s AND pruned_at IS NULL"
)
INPUT_SQL = "SELECT input FROM runs_run WHERE id = %s"
LAST_SEQ_SQL = "SELECT last_seq FROM runs_run WHERE id = %s"
STEP_SQL = "SELECT name, state, error FROM runs_steprun WHERE run_id = %s"
SAVE_RUN_SQL = (
    "UPDATE runs_run SET status=%s, state=%s, error=%s, last_seq=%s, done=%s, total=%s,"
    " started_at=%s, finished_at=%s, due_at=%s, tally_at=%s WHERE id=%s"
)
STEP_FIELDS = (
    "run_id, name, status, undo, attempt, undo_attempt, lease, process, queue, state, error, output_seq,"
    " started_at, finished_at, due_at"
)
SAVE_STEP_SQL = (
    f"INSERT INTO runs_steprun ({STEP_FIELDS}) VALUES ({', '.join(['%s'] * 15)})"
    " ON CONFLICT (run_id, name) DO UPDATE SET "
    + ", ".join(f"{name.strip()}=excluded.{name.strip()}" for name in STEP_FIELDS.split(",")[2:])
)
JOURNAL_SQL = (
    "INSERT INTO runs_journalentry (run_id, seq, type, step, attempt, at, status, data, payload)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
DUE_SQL = "UPDATE runs_steprun SET due_at=%s WHERE run_id=%s AND name=%s"


@dataclass(frozen=True)
class Loaded:
    """A run as read under its lock, at the database's time `at`. `rows` is where `state` reads from."""

    version_id: int
    workflow: str
    state: State
    rows: Rows
    at: datetime
    parent_id: UUID | None
    parent_step: str


def now() -> datetime:
    """The database's time. SQLite lives on this host, so it is this host's."""
    if connection.vendor == "sqlite":
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
        return found


def load(run_id: UUID, *, lock: bool = False) -> Loaded:
    """Read a run's row; its steps are read when they are asked for. Raises UnknownRun."""
    lock_clause = " FOR UPDATE" if lock and connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(RUN_SQL + lock_clause, [_key(run_id)])
        row = cursor.fetchone()
    if row is None:
        raise UnknownRun(run_id)
    version_id, state, error, workflow, parent_id, parent_step = row
    run = unpack(RunState, _json(state), id=str(run_id), error=_json(error))
    parent = None if parent_id is None else UUID(str(parent_id))
    rows = Rows(run_id)
    return Loaded(version_id, workflow, State(run, _input(run_id), rows), rows, now(), parent, parent_step)


def _input(run_id: UUID) -> Any:
    known = cache.get(run_id, [INPUT])
    if known:
        return known[INPUT]
    with connection.cursor() as cursor:
        cursor.execute(INPUT_SQL, [_key(run_id)])
        text = cursor.fetchone()[0]
    return _kept(run_id, INPUT, text)


def _kept(run_id: UUID, seq: int, text: Any) -> Any:
    """The value of a JSON column, remembered by this process."""
    value = _json(text)
    if isinstance(text, str):
        cache.put(run_id, seq, value, len(text))
    return value


def load_again(known: Loaded) -> Loaded:
    """Lock a run that this process has read before; what has not changed since is not read again."""
    run_id = UUID(known.state.run.id)
    lock_clause = " FOR UPDATE" if connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(LAST_SEQ_SQL + lock_clause, [_key(run_id)])
        row = cursor.fetchone()
    if row is None or row[0] != known.state.run.last_seq:
        return load(run_id, lock=True)
    return replace(known, at=now())


def save(run_id: UUID, decisions: Iterable[Decision], rung: Mapping[str, str], at: datetime) -> None:
    """Append what happened and write the rows that it changed. `rung`: queue by step."""
    decisions = list(decisions)
    state = decisions[-1].state
    with connection.cursor() as cursor:
        _write_journal(cursor, run_id, [entry for decision in decisions for entry in decision.entries])
        _write_steps(cursor, run_id, state, rung, at + timedelta(seconds=RING_GRACE_S))
        _write_run(cursor, run_id, state.run)


def _write_journal(cursor: CursorWrapper, run_id: UUID, entries: list[Entry]) -> None:
    key = _key(run_id)
    cursor.executemany(
        JOURNAL_SQL,
        [
            (
                key,
                entry.seq,
                entry.type,
                entry.step,
                entry.attempt,
                _time(entry.at),
                entry.status,
                json_text(entry.data),
                None if entry.payload is None else json_text(entry.payload),
            )
            for entry in entries
        ],
    )


def _write_steps(
    cursor: CursorWrapper, run_id: UUID, state: State, rung: Mapping[str, str], ring_due: datetime
) -> None:
    rows = [_step_row(run_id, step, rung, ring_due) for step in state.changed.values()]
    if rows:
        cursor.executemany(SAVE_STEP_SQL, rows)
    again = [(_time(ring_due), _key(run_id), name) for name in rung if name not in state.changed]
    if again:
        cursor.executemany(DUE_SQL, again)


def _step_row(run_id: UUID, step: StepState, rung: Mapping[str, str], ring_due: datetime) -> tuple[Any, ...]:
    is_rung = step.name in rung
    return (
        _key(run_id),
        step.name,
        step.status.value,
        step.undo.value,
        step.attempt,
        step.undo_attempt,
        step.lease,
        step.process,
        rung.get(step.name, ""),
        json_text(pack(step, STEP_COLUMNS)),
        None if step.error is None else json_text(step.error),
        step.output_seq,
        _time(step.started_at),
        _time(step.finished_at),
        _time(ring_due if is_rung else step.due_at),
    )


def _write_run(cursor: CursorWrapper, run_id: UUID, run: RunState) -> None:
    cursor.execute(
        SAVE_RUN_SQL,
        [
            run.status.value,
            json_text(pack(run, RUN_COLUMNS)),
            None if run.error is None else json_text(run.error),
            run.last_seq,
            run.done,
            run.total,
            _time(run.started_at),
            _time(run.finished_at),
            _time(run.due_at),
            _time(run.finished_at),
            _key(run_id),
        ],
    )


class Rows:
    """The stored state of one run's steps and payloads, read when needed and kept."""

    def __init__(self, run_id: UUID) -> None:
        self.run_id = run_id
        self._steps: dict[str, StepState | None] = {}
        self._has_all = False

    def step(self, name: str) -> StepState | None:
        if name not in self._steps and not self._has_all:
            self._steps[name] = None
            self._read(" AND name = %s", name)
        return self._steps.get(name)

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
        """Those of `names` that are stored."""
        missing = [name for name in names if name not in self._steps] if not self._has_all else []
        for start in range(0, len(missing), ROWS_PER_STATEMENT):
            part = missing[start : start + ROWS_PER_STATEMENT]
            self._steps.update(dict.fromkeys(part))
            self._read(f" AND name IN ({', '.join(['%s'] * len(part))})", *part)
        found = ((name, self._steps.get(name)) for name in names)
        return {name: step for name, step in found if step is not None}

    def absorb(self, state: State) -> None:
        """What was written is what is stored from now on."""
        self._steps.update(state.changed)
        state.changed = {}

    def payload(self, seq: int) -> Any:
        return self.payloads([seq])[seq]

    def payloads(self, seqs: list[int]) -> dict[int, Any]:
        found = cache.get(self.run_id, seqs)
        missing = [seq for seq in seqs if seq not in found]
        for start in range(0, len(missing), ROWS_PER_STATEMENT):
            found |= self._read_payloads(missing[start : start + ROWS_PER_STATEMENT])
        return found

    def _read(self, where: str, *values: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"{STEP_SQL}{where} ORDER BY id", [_key(self.run_id), *values])
            for name, state, error in cursor.fetchall():
                self._steps[name] = unpack(StepState, _json(state), name=name, error=_json(error))

    def _read_payloads(self, seqs: list[int]) -> dict[int, Any]:
        marks = ", ".join(["%s"] * len(seqs))
        sql = f"SELECT seq, payload FROM runs_journalentry WHERE run_id = %s AND seq IN ({marks})"
        with connection.cursor() as cursor:
            cursor.execute(sql, [_key(self.run_id), *seqs])
            return {seq: _kept(self.run_id, seq, payload) for seq, payload in cursor.fetchall()}


def _key(run_id: UUID) -> Any:
    return run_id if connection.features.has_native_uuid_field else run_id.hex


def _json(value: Any) -> Any:
    """SQLite gives JSON columns as text, PostgreSQL as objects."""
    return orjson.loads(value) if isinstance(value, str | bytes) else value


def _time(value: datetime | None) -> Any:
    return None if value is None else connection.ops.adapt_datetimefield_value(value)

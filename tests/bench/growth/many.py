"""Rows in bulk, and what a call reads beside them: its statements, their plans and its work, as counts."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, models
from psycopg import Cursor

from runs.store import database

WAITING = int(os.environ.get("GROWTH_WAITING", "5000"))
BESIDE = int(os.environ.get("GROWTH_BESIDE", "20000"))
LARGE = ("runs_run", "runs_steprun", "runs_journalentry", "runs_place", "runs_slot", "runs_eventwait")
FEW_ROWS = 1_000  # a table of so few is read whole
STEPS_COUNTED = 100  # of SQLite's machine, at a time

ID_OF = {"sqlite": "printf('%%032x', {n})", "postgresql": "lpad(to_hex({n}), 32, '0')::uuid"}


def run_id(number: str) -> str:
    """An expression for the id of the run that is copy `number`."""
    return ID_OF[connection.vendor].format(n=number)


def literal(at: datetime) -> str:
    """A time as an expression."""
    return f"'{connection.ops.adapt_datetimefield_value(at)}'"


def copies(row: models.Model, numbers: range, **columns: str) -> None:
    """Inserts copies of a row; `columns` are expressions of `n`, the others stay. `numbers` is not empty."""
    fields = [str(field.column) for field in type(row)._meta.local_fields]
    pk = str(row._meta.pk.column)
    kept = [name for name in fields if name != pk or pk in columns]
    values = ", ".join(columns.get(name, f'template."{name}"') for name in kept)
    table, names = row._meta.db_table, ", ".join(f'"{name}"' for name in kept)
    series = "WITH RECURSIVE series(n) AS (SELECT %s UNION ALL SELECT n + 1 FROM series WHERE n < %s)"
    key = row._meta.pk.get_db_prep_value(row.pk, connection)
    with connection.cursor() as cursor:
        source = f"SELECT {values} FROM {table} AS template, series WHERE template.{pk} = %s"
        if connection.vendor == "postgresql":
            series = series.replace("%s", "%s::bigint")
        cursor.execute(f"{series} INSERT INTO {table} ({names}) {source}", [numbers.start, numbers[-1], key])


def analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@dataclass
class Cost:
    """What calls have cost. `work`: steps of SQLite's machine, or rows that PostgreSQL read."""

    statements: list[tuple[str, Any]] = field(default_factory=list)
    work: int = 0

    def faults(self) -> list[str]:
        """What was read without an index, or sorted, of a table that grows."""
        asked = dict(self.statements)
        find = _sqlite_faults if connection.vendor == "sqlite" else _postgresql_faults
        return [
            f"{fault}: {sql}" for sql, params in asked.items() if _reads(sql) for fault in find(sql, params)
        ]


@contextmanager
def costs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cost]:
    cost = Cost()
    with ExitStack() as stack:
        watched = _watched_sqlite if connection.vendor == "sqlite" else _watched_postgresql
        stack.enter_context(watched(cost, monkeypatch))
        yield cost


@contextmanager
def _watched_sqlite(cost: Cost, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    raw = connection.connection

    def step() -> int:
        cost.work += STEPS_COUNTED
        return 0

    raw.set_trace_callback(lambda sql: cost.statements.append((sql, None)))
    raw.set_progress_handler(step, STEPS_COUNTED)
    try:
        yield
    finally:
        raw.set_trace_callback(None)
        raw.set_progress_handler(None, STEPS_COUNTED)


@contextmanager
def _watched_postgresql(cost: Cost, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    class Noting(Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            cost.statements.append((query, params))
            return super().execute(query, params, **options)

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        cost.statements.append((sql, params))
        return execute(sql, params, many, context)

    before = _rows_read()
    with monkeypatch.context() as patched:
        patched.setattr(database, "Cursor", Noting)
        vars(database.database()).pop("_cursor", None)
        with connection.execute_wrapper(note):
            yield
    vars(database.database()).pop("_cursor", None)
    cost.work = _rows_read() - before


def _rows_read() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT (SELECT SUM(seq_tup_read) FROM pg_stat_user_tables)"
            " + (SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes)"
        )
        return int(cursor.fetchone()[0])


def _reads(sql: str) -> bool:
    return sql.startswith(("SELECT", "UPDATE", "DELETE")) and any(table in sql for table in LARGE)


def _sqlite_faults(sql: str, params: Any) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql.replace('%', '%%')}", [])
        steps = [row[3] for row in cursor.fetchall()]
    for step in steps:
        is_read_whole = step.startswith("SCAN") and step.split()[1] in LARGE and " INDEX " not in step
        if is_read_whole or ("TEMP B-TREE" in step and not _is_of_one_run(sql)):
            yield step


def _postgresql_faults(sql: str, params: Any) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        (plan,) = cursor.fetchone()
        cursor.execute("SELECT relname FROM pg_class WHERE reltuples < %s", [FEW_ROWS])
        small = {name for (name,) in cursor.fetchall()}
    for node in _nodes((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]):
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] not in small:
            yield f"Seq Scan {node['Relation Name']}"


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from _nodes(part)


def _is_of_one_run(sql: str) -> bool:
    return re.search(r'run_id"? = ', sql) is not None

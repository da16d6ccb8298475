"""This thread's connection without Django's wrappers, and all that SQLite and PostgreSQL do differently.

Theory of operation. A step is one transaction of a few statements; Django's cursors and `atomic` cost more
than these, so the statements go to the driver's connection. `Database` names what callers need by meaning;
how an engine does it is in its class alone, so that no other module asks which engine it talks to.

The databases differ in what is expensive. PostgreSQL costs a round trip for each answer: BEGIN travels with
the first query and the last statements with COMMIT (pipeline mode), statements are prepared, and the
database's time comes as an extra column. SQLite costs no trip, but admits one writer at a time: BEGIN
IMMEDIATE takes the write lock before anything is read, and `Gate` keeps the wait for it short. Its time is
the host's.

Errors are Django's. Statements are written with `%s`.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar
from uuid import UUID

import orjson
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Cursor

from config.lib.times import host_time
from runs.store.dialects import FTS5_SQL, TRIGRAM_SQL, like_pattern, naive_text, with_question_marks
from runs.store.prepared_statements import Joint, Prepared
from runs.store.sqlite_gate import Gate

Row = tuple[Any, ...]
Query = tuple[str, Sequence[Any]]
Statement = tuple[str, Sequence[Row]]  # executed once for each row of values
Parts = Sequence[Sequence[Statement]]
Joints = Mapping[str, Joint]


class Database(ABC):
    """One connection. SQLite and PostgreSQL implement it."""

    id_end: ClassVar[str]  # the last digits of a run's id, exactly as the index `run_id_end` has them
    writes_by_row: ClassVar[bool]  # each statement costs little more than its row; if not, rows go together

    def __init__(self, wrapper: BaseDatabaseWrapper) -> None:
        self.wrapper = wrapper
        self.engine: str = wrapper.vendor  # for people to read
        if wrapper.connection is None:
            wrapper.ensure_connection()
        self.raw: Any = wrapper.connection

    @staticmethod
    def file(wrapper: BaseDatabaseWrapper) -> Path | None:
        """The file on this host that a connection writes to, if it is one."""
        return None

    @abstractmethod
    def rows(self, query: Query) -> list[Row]:
        """The rows of a query."""

    @abstractmethod
    def locked(self, query: Query) -> Query:
        """The query extended to lock its row, and to return the time after that as the last column."""

    @abstractmethod
    def timed(self, query: Query) -> Query:
        """The query extended by the database's time as the last column, where asking costs a round trip."""

    @abstractmethod
    def time_with(self, rows: Sequence[Row]) -> datetime:
        """The database's time when a `locked` or `timed` query found these rows."""

    @abstractmethod
    def row_now(self, sql: str) -> Row:
        """The row of a query in which `{now}` stands for the database's time and is the first column."""

    @abstractmethod
    def indexed_text(self, text: str, before: int, limit: int) -> Query:
        """Places below `before` and keys of runs whose input has `text`, found by its index."""

    def read_at_one_moment(self) -> None:  # noqa: B027  # SQLite's transactions do so anyway
        """All that is read in the transaction that has just begun is as it was at one moment."""

    @abstractmethod
    def write(self, statements: Sequence[Statement]) -> None:
        """Executes statements in their order."""

    @abstractmethod
    def write_each_if(self, parts: Parts, joints: Joints = MappingProxyType({})) -> list[datetime | None]:
        """One transaction of several parts, each of which takes place only if its first statement matches.

        Returns the time of the transaction for each part, None for one of which nothing is written. What
        fails in one part leaves all of them unwritten. `joints`: see there; SQLite needs none.
        """

    @abstractmethod
    def begin(self, first: Query | None) -> list[Row]:
        """Begins a transaction; returns the rows of its first query."""

    @abstractmethod
    def commit(self, last: Sequence[Statement]) -> None:
        """Executes the last statements of a transaction and commits it."""

    def let_next(self) -> None:  # noqa: B027  # PostgreSQL has nothing to do
        """Lets the next writer in, as a transaction of this connection has ended."""

    def roll_back(self) -> None:
        """Rolls back; a connection that fails to is closed. The flags go first, as `rollback` checks them."""
        wrapper = self.wrapper
        wrapper.autocommit, wrapper.in_atomic_block = True, False
        try:
            if wrapper.closed_in_transaction:
                wrapper.connection = None
            else:
                wrapper.rollback()
        except Error:
            wrapper.close()
        finally:
            self.let_next()

    @abstractmethod
    def append(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Appends very many rows to a table, within the caller's transaction. JSON columns take text."""

    def try_room(self, bytes: int) -> None:  # noqa: B027  # SQLite notices when it takes its write lock
        """Raise the database's error where it has no room for so many bytes more."""

    @abstractmethod
    def now(self) -> datetime:
        """The database's time."""

    @abstractmethod
    def now_unasked(self, at: datetime, passed_s: float) -> datetime:
        """The database's time, `passed_s` after it was `at`, without a way to the server."""

    @abstractmethod
    def key(self, id: UUID) -> Any:
        """An id as it is stored."""

    @abstractmethod
    def many(self, values: Sequence[Any], type: str = "uuid") -> Query:
        """A query that returns these keys, or texts, and passes them as a single parameter."""

    @abstractmethod
    def time(self, value: datetime | None) -> Any:
        """A time as it is stored."""

    @abstractmethod
    def time_of(self, value: datetime) -> datetime:
        """A time as a query returned it."""


class Sqlite(Database):
    """Runs on this host, so its time is the host's. IMMEDIATE transactions admit one writer at a time."""

    id_end = "SUBSTR(CAST(id AS text), (8 * -1), 8)"
    writes_by_row = True

    @staticmethod
    def file(wrapper: BaseDatabaseWrapper) -> Path | None:
        return Path(wrapper.settings_dict["NAME"])

    def rows(self, query: Query) -> list[Row]:
        sql, values = query
        with self.wrapper.wrap_database_errors:
            rows: list[Row] = self.raw.execute(with_question_marks(sql), values).fetchall()
            return rows

    def locked(self, query: Query) -> Query:
        return query

    def timed(self, query: Query) -> Query:
        return query

    def time_with(self, rows: Sequence[Row]) -> datetime:
        return self.now()

    def row_now(self, sql: str) -> Row:
        at = self.now()
        ((_, *others),) = self.rows((sql.format(now="%s"), [self.time(at)] * sql.count("{now}")))
        return at, *others

    def indexed_text(self, text: str, before: int, limit: int) -> Query:
        return FTS5_SQL, ['"' + text.replace('"', '""') + '"', before, limit]

    def write(self, statements: Sequence[Statement]) -> None:
        with self.wrapper.wrap_database_errors:
            self._write(statements)

    def begin(self, first: Query | None) -> list[Row]:
        with self.wrapper.wrap_database_errors:
            self._gate.enter()
            self.raw.execute("BEGIN IMMEDIATE")
        return self.rows(first) if first else []

    def commit(self, last: Sequence[Statement]) -> None:
        with self.wrapper.wrap_database_errors:
            self._write(last)
            self.raw.execute("COMMIT")
        self.let_next()

    def let_next(self) -> None:
        self._gate.leave()

    @cached_property
    def _gate(self) -> Gate:
        return Gate(str(self.wrapper.settings_dict["NAME"]))

    def write_each_if(self, parts: Parts, joints: Joints = MappingProxyType({})) -> list[datetime | None]:
        try:
            self.begin(None)
            with self.wrapper.wrap_database_errors:
                are_written = [self._write_if(*part) for part in parts]
            if any(are_written):
                self.commit(())
            else:
                self.roll_back()
        except BaseException:
            self.roll_back()
            raise
        at = self.now()
        return [at if is_written else None for is_written in are_written]

    def _write_if(self, first: Statement, *others: Statement) -> bool:
        sql, (values,) = first
        is_found: bool = self.raw.execute(with_question_marks(sql), values).rowcount == 1
        if is_found:
            self._write(others)
        return is_found

    def _write(self, statements: Sequence[Statement]) -> None:
        for sql, rows in statements:
            if len(rows) == 1:
                self.raw.execute(with_question_marks(sql), rows[0])
            else:
                self.raw.executemany(with_question_marks(sql), rows)

    def append(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        marks = ", ".join("?" * len(columns))
        stored = ([self._stored(value) for value in row] for row in rows)
        self.raw.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", stored)  # noqa: S608

    def _stored(self, value: Any) -> Any:
        """A value as SQLite stores it: this bypasses Django's conversion."""
        if isinstance(value, UUID):
            return self.key(value)
        return self.time(value) if isinstance(value, datetime) else value

    def now(self) -> datetime:
        return host_time()

    def now_unasked(self, at: datetime, passed_s: float) -> datetime:
        return self.now()

    def key(self, id: UUID) -> Any:
        return id.hex

    def many(self, values: Sequence[Any], type: str = "uuid") -> Query:
        return "SELECT value FROM json_each(%s)", (orjson.dumps(values).decode(),)

    def time(self, value: datetime | None) -> Any:
        return None if value is None else naive_text(value)

    def time_of(self, value: datetime) -> datetime:
        return value.replace(tzinfo=UTC)


class Postgres(Database):
    """Statements are prepared once a connection; those that need no answer in between travel together."""

    id_end = "RIGHT((id)::text, 8)"
    writes_by_row = False

    def rows(self, query: Query) -> list[Row]:
        sql, values = query
        with self.wrapper.wrap_database_errors:
            rows: list[Row] = self._cursor.execute(sql, values, prepare=True).fetchall()
            return rows

    @cached_property
    def _cursor(self) -> Cursor[Row]:
        return Cursor(self.raw)

    def locked(self, query: Query) -> Query:
        sql, values = query
        return f"SELECT locked.*, clock_timestamp() FROM ({sql} FOR UPDATE) AS locked", values

    def timed(self, query: Query) -> Query:
        sql, values = query
        return f"SELECT found.*, clock_timestamp() FROM ({sql}) AS found", values

    def time_with(self, rows: Sequence[Row]) -> datetime:
        return rows[0][-1] if rows else self.now()

    def row_now(self, sql: str) -> Row:
        return self.rows((sql.format(now="now()"), ()))[0]

    def indexed_text(self, text: str, before: int, limit: int) -> Query:
        return TRIGRAM_SQL, [like_pattern(text), before, limit]

    def read_at_one_moment(self) -> None:
        self.write([("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", [()])])

    def write(self, statements: Sequence[Statement]) -> None:
        if not statements:
            return
        with self.wrapper.wrap_database_errors, self.raw.pipeline():
            self._write(statements)

    def begin(self, first: Query | None) -> list[Row]:
        with self.wrapper.wrap_database_errors, self.raw.pipeline():
            self._execute("BEGIN")
            return self._execute(*first).fetchall() if first else []

    def commit(self, last: Sequence[Statement]) -> None:
        with self.wrapper.wrap_database_errors, self.raw.pipeline():
            self._write(last)
            self._execute("COMMIT")

    def write_each_if(self, parts: Parts, joints: Joints = MappingProxyType({})) -> list[datetime | None]:
        """Each part is a single statement; what travels together is a transaction by itself."""
        statements = [(sql, values) for ((sql, (values,)),) in parts]
        with self.wrapper.wrap_database_errors:
            return self._prepared.times(statements, joints)

    @cached_property
    def _prepared(self) -> Prepared:
        return Prepared(self.raw)

    def _write(self, statements: Sequence[Statement]) -> None:
        for sql, rows in statements:
            for row in rows:
                self._execute(sql, row)

    def _execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Uses a cursor of its own, so that the results of a pipeline stay apart."""
        return Cursor(self.raw).execute(sql, values, prepare=True)

    def append(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        with Cursor(self.raw).copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def try_room(self, bytes: int) -> None:
        with self.wrapper.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE room AS SELECT %s::bytea", [os.urandom(bytes)])

    def now(self) -> datetime:
        at: datetime = self.rows(("SELECT clock_timestamp()", ()))[0][0]
        return at

    def now_unasked(self, at: datetime, passed_s: float) -> datetime:
        return at + timedelta(seconds=passed_s)

    def key(self, id: UUID) -> Any:
        return id

    def many(self, values: Sequence[Any], type: str = "uuid") -> Query:
        return f"SELECT unnest(%s::{type}[])", (list(values),)

    def time(self, value: datetime | None) -> Any:
        return value

    def time_of(self, value: datetime) -> datetime:
        return value


KNOWN = "sagaboard_database"  # an attribute of Django's connection


def _class_of(wrapper: BaseDatabaseWrapper) -> type[Database]:
    return Sqlite if wrapper.vendor == "sqlite" else Postgres


def database() -> Database:
    """This thread's connection, opened if necessary. Raises OperationalError if that fails.

    What is known of it stays with Django's own connection, which a worker's takes the place of for a while:
    what the server has prepared is the connection's, and is known when that comes back.
    """
    wrapper = connections[DEFAULT_DB_ALIAS]
    known: Database | None = vars(wrapper).get(KNOWN)
    if known is None or known.raw is not wrapper.connection:
        known = vars(wrapper)[KNOWN] = _class_of(wrapper)(wrapper)
    return known


def database_file() -> Path | None:
    """The database's file on this host, where it is one; does not connect."""
    wrapper = connections[DEFAULT_DB_ALIAS]
    return _class_of(wrapper).file(wrapper)

"""This thread's database connection without Django's wrappers: transactions and statements of the hot path.

Theory of operation. A step is one transaction of a few statements; Django's cursors and `atomic` cost more
than these. So the statements go to the driver's connection, and `_begin`, `_end` and `_undo` set the flags of
Django's wrapper that `atomic` would set (`autocommit`, `in_atomic_block`, `needs_rollback`). The ORM, nested
`atomic` blocks and `on_commit` hooks therefore work inside `transaction_of`. Inside a transaction of somebody
else, `transaction_of` is a savepoint.

The databases differ in what is expensive. PostgreSQL costs a round trip for each answer: BEGIN travels with
the first query and the last statements with COMMIT (pipeline mode), statements are prepared, and the
database's time comes as an extra column. SQLite costs no trip, but admits one writer at a time: BEGIN
IMMEDIATE takes the write lock before anything is read, and `Gate` keeps the wait for it short. Its time is
the host's.

Errors are Django's. Statements are written with `%s`.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any
from uuid import UUID

import orjson
from django.db import DEFAULT_DB_ALIAS, Error, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Cursor

from runs.store.prepared_statements import Prepared
from runs.store.sqlite_gate import Gate

Row = tuple[Any, ...]
Query = tuple[str, Sequence[Any]]
Statement = tuple[str, Sequence[Row]]  # executed once for each row of values


class Database(ABC):
    """One connection. SQLite and PostgreSQL implement it."""

    def __init__(self, wrapper: BaseDatabaseWrapper) -> None:
        self.wrapper = wrapper
        if wrapper.connection is None:
            wrapper.ensure_connection()
        self.raw: Any = wrapper.connection

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
    def write(self, statements: Sequence[Statement]) -> None:
        """Executes statements in their order."""

    @abstractmethod
    def write_if(self, statements: Sequence[Statement]) -> datetime | None:
        """A transaction that takes place only if its first statement matches its row.

        Returns the time of the transaction, or None with nothing written.
        """

    @abstractmethod
    def begin(self, first: Query | None) -> list[Row]:
        """Begins a transaction; returns the rows of its first query."""

    @abstractmethod
    def commit(self, last: Sequence[Statement]) -> None:
        """Executes the last statements of a transaction and commits it."""

    def let_next(self) -> None:  # noqa: B027  # PostgreSQL has nothing to do
        """Lets the next writer in, as a transaction of this connection has ended."""

    @abstractmethod
    def now(self) -> datetime:
        """The database's time."""

    @abstractmethod
    def key(self, id: UUID) -> Any:
        """An id as it is stored."""

    @abstractmethod
    def many(self, keys: Sequence[Any]) -> Query:
        """A query that returns these keys and passes them as a single parameter."""

    @abstractmethod
    def time(self, value: datetime | None) -> Any:
        """A time as it is stored."""

    @abstractmethod
    def time_of(self, value: Any) -> datetime:
        """A time as a query returned it."""


class Sqlite(Database):
    """Runs on this host, so its time is the host's. IMMEDIATE transactions admit one writer at a time."""

    def rows(self, query: Query) -> list[Row]:
        sql, values = query
        with self.wrapper.wrap_database_errors:
            rows: list[Row] = self.raw.execute(_with_question_marks(sql), values).fetchall()
            return rows

    def locked(self, query: Query) -> Query:
        return query

    def timed(self, query: Query) -> Query:
        return query

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

    def write_if(self, statements: Sequence[Statement]) -> datetime | None:
        (sql, (values,)), *others = statements
        try:
            self.begin(None)
            with self.wrapper.wrap_database_errors:
                is_found = self.raw.execute(_with_question_marks(sql), values).rowcount == 1
            if is_found:
                self.commit(others)
                return self.now()
        except BaseException:
            _undo(self)
            raise
        _undo(self)
        return None

    def _write(self, statements: Sequence[Statement]) -> None:
        for sql, rows in statements:
            if len(rows) == 1:
                self.raw.execute(_with_question_marks(sql), rows[0])
            else:
                self.raw.executemany(_with_question_marks(sql), rows)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def key(self, id: UUID) -> Any:
        return id.hex

    def many(self, keys: Sequence[Any]) -> Query:
        return "SELECT value FROM json_each(%s)", (orjson.dumps(keys).decode(),)

    def time(self, value: datetime | None) -> Any:
        return None if value is None else _naive_text(value)

    def time_of(self, value: Any) -> datetime:
        time: datetime = value.replace(tzinfo=UTC)
        return time


class Postgres(Database):
    """Statements are prepared once a connection; those that need no answer in between travel together."""

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

    def write_if(self, statements: Sequence[Statement]) -> datetime | None:
        """A single statement is a transaction by itself."""
        ((sql, (values,)),) = statements
        with self.wrapper.wrap_database_errors:
            return self._prepared.time(sql, values)

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

    def now(self) -> datetime:
        at: datetime = self.rows(("SELECT clock_timestamp()", ()))[0][0]
        return at

    def key(self, id: UUID) -> Any:
        return id

    def many(self, keys: Sequence[Any]) -> Query:
        return "SELECT unnest(%s::uuid[])", (list(keys),)

    def time(self, value: datetime | None) -> Any:
        return value

    def time_of(self, value: Any) -> datetime:
        time: datetime = value
        return time


_here = threading.local()


def database() -> Database:
    """This thread's connection, opened if necessary. Raises OperationalError if that fails."""
    wrapper = connections[DEFAULT_DB_ALIAS]
    known: Database | None = getattr(_here, "database", None)
    if known is None or known.wrapper is not wrapper or known.raw is not wrapper.connection:
        known = _here.database = Sqlite(wrapper) if wrapper.vendor == "sqlite" else Postgres(wrapper)
    return known


@dataclass
class Work:
    """A transaction under way: the rows of its first query, and the statements to send with its COMMIT."""

    first: list[Row]
    last: list[Statement] = field(default_factory=list)


@contextmanager
def transaction_of(db: Database, first: Query | None = None) -> Iterator[Work]:
    """One transaction; inside another one, a savepoint."""
    if db.wrapper.in_atomic_block:
        with transaction.atomic():
            work = Work(db.rows(first) if first else [])
            yield work
            db.write(work.last)
        return
    db.wrapper.close_if_health_check_failed()
    work = Work(_begin(db, first))
    try:
        yield work
        _end(db, work.last)
    except BaseException:
        _undo(db)
        raise
    if db.wrapper.run_on_commit:
        db.wrapper.run_and_clear_commit_hooks()


def _begin(db: Database, first: Query | None) -> list[Row]:
    try:
        rows = db.begin(first)
    except BaseException:
        _undo(db)
        raise
    wrapper = db.wrapper
    wrapper.commit_on_exit, wrapper.needs_rollback = True, False
    wrapper.autocommit, wrapper.in_atomic_block = False, True
    return rows


def _end(db: Database, last: Sequence[Statement]) -> None:
    if db.wrapper.needs_rollback:
        raise transaction.TransactionManagementError(
            "A part of the transaction failed; it cannot be committed."
        )
    db.commit(last)
    db.wrapper.autocommit, db.wrapper.in_atomic_block = True, False


def _undo(db: Database) -> None:
    """Rolls back; a connection that fails to is closed. The flags go first, as `rollback` checks them."""
    wrapper = db.wrapper
    wrapper.autocommit, wrapper.in_atomic_block = True, False
    try:
        if wrapper.closed_in_transaction:
            wrapper.connection = None
        else:
            wrapper.rollback()
    except Error:
        wrapper.close()
    finally:
        db.let_next()


@lru_cache(maxsize=512)
def _with_question_marks(sql: str) -> str:
    return sql.replace("%s", "?")


@lru_cache(maxsize=512)
def _naive_text(value: datetime) -> str:
    """The format in which Django's backend stores times."""
    return value.astimezone(UTC).isoformat(" ").removesuffix("+00:00")

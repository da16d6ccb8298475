"""This thread's database connection without Django's wrappers: transactions and statements of the hot path.

A step is one transaction of a few statements; Django's cursors and `atomic` cost more than those do. What
is here leaves the connection as `atomic` would, so that the ORM can be used inside a transaction. Errors are
Django's. Statements are written with `%s`.
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
Statement = tuple[str, Sequence[Row]]  # carried out once for every row of values


class Database(ABC):
    """What SQLite and PostgreSQL have in common."""

    def __init__(self, wrapper: BaseDatabaseWrapper) -> None:
        self.wrapper = wrapper
        if wrapper.connection is None:
            wrapper.ensure_connection()
        self.raw: Any = wrapper.connection

    @abstractmethod
    def rows(self, query: Query) -> list[Row]:
        """What a query finds."""

    @abstractmethod
    def locked(self, query: Query) -> Query:
        """The query that also locks the row it finds, and gives the time after that as the last column."""

    @abstractmethod
    def timed(self, query: Query) -> Query:
        """The query that also gives the database's time as the last column, where asking takes a way."""

    @abstractmethod
    def write(self, statements: Sequence[Statement]) -> None:
        """Carry out statements in their order."""

    @abstractmethod
    def write_if(self, statements: Sequence[Statement]) -> datetime | None:
        """A transaction of its own, if its first statement finds its row. The time then, else None."""

    @abstractmethod
    def begin(self, first: Query | None) -> list[Row]:
        """Begin a transaction; what its first query finds."""

    @abstractmethod
    def commit(self, last: Sequence[Statement]) -> None:
        """Carry out the last statements of a transaction and commit it."""

    def let_next(self) -> None:  # noqa: B027  # PostgreSQL has nothing to do
        """A transaction has ended, so whoever waits for its turn to write may begin."""

    @abstractmethod
    def now(self) -> datetime:
        """The database's time."""

    @abstractmethod
    def key(self, id: UUID) -> Any:
        """An id as it is stored."""

    @abstractmethod
    def many(self, keys: Sequence[Any]) -> Query:
        """A query of these keys, which are one value of it."""

    @abstractmethod
    def time(self, value: datetime | None) -> Any:
        """A time as it is stored."""

    @abstractmethod
    def time_of(self, value: Any) -> datetime:
        """The time that a query found."""


class Sqlite(Database):
    """Lives on this host, so its time is the host's. IMMEDIATE transactions let one writer in at a time."""

    def rows(self, query: Query) -> list[Row]:
        sql, values = query
        with self.wrapper.wrap_database_errors:
            found: list[Row] = self.raw.execute(_with_question_marks(sql), values).fetchall()
            return found

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
        found: datetime = value.replace(tzinfo=UTC)
        return found


class Postgres(Database):
    """Statements are prepared once a connection, and those that need no answer in between travel together."""

    def rows(self, query: Query) -> list[Row]:
        sql, values = query
        with self.wrapper.wrap_database_errors:
            found: list[Row] = self._cursor.execute(sql, values, prepare=True).fetchall()
            return found

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
        """With a cursor of its own, so that the results of a pipeline stay apart."""
        return Cursor(self.raw).execute(sql, values, prepare=True)

    def now(self) -> datetime:
        found: datetime = self.rows(("SELECT clock_timestamp()", ()))[0][0]
        return found

    def key(self, id: UUID) -> Any:
        return id

    def many(self, keys: Sequence[Any]) -> Query:
        return "SELECT unnest(%s::uuid[])", (list(keys),)

    def time(self, value: datetime | None) -> Any:
        return value

    def time_of(self, value: Any) -> datetime:
        found: datetime = value
        return found


_here = threading.local()


def database() -> Database:
    """This thread's connection. Raises OperationalError where there is none to be had."""
    wrapper = connections[DEFAULT_DB_ALIAS]
    known: Database | None = getattr(_here, "database", None)
    if known is None or known.wrapper is not wrapper or known.raw is not wrapper.connection:
        known = _here.database = Sqlite(wrapper) if wrapper.vendor == "sqlite" else Postgres(wrapper)
    return known


@dataclass
class Work:
    """A transaction under way: what its first query found, and the statements that go with its commit."""

    first: list[Row]
    last: list[Statement] = field(default_factory=list)


@contextmanager
def transaction_of(db: Database, first: Query | None = None) -> Iterator[Work]:
    """One transaction; inside another one, a part of it that can be undone by itself."""
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
    """Roll back whatever there is; a connection that cannot is given up."""
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
    """As Django's backend stores times."""
    return value.astimezone(UTC).isoformat(" ").removesuffix("+00:00")

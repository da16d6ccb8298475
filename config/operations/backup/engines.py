"""How each engine copies a whole database: SQLite by its online backup, PostgreSQL by COPY in one snapshot.

Both read one moment of the database while everybody goes on writing, and need no other program. A restore is
all or nothing: SQLite's is made in a folder beside and moved into place, PostgreSQL's is one transaction.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar

from django.db import Error, connection, transaction

from config.lib.caches import clear_all
from config.lib.commands import one_line
from config.operations.backup import migrations
from config.operations.backup.archive import CHUNK_BYTES, Reader, Table, Writer, sync_folder
from config.operations.backup.errors import Damaged, NoScratch

Say = Callable[[str], None]

PAGES_PER_STEP = 2_048
SQLITE_PART = "database.sqlite3"
ROWS_SQL = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
NUMBERED_SQL = (
    "SELECT column_name, pg_get_serial_sequence(quote_ident(table_name), column_name)"
    " FROM information_schema.columns"
    " WHERE table_schema = current_schema() AND table_name = %s AND is_identity = 'YES'"
)
COLUMNS_SQL = (
    "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema()"
    " AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position"
)


class Engine(ABC):
    """The database that the settings name. `kind` is its engine, for people and manifests."""

    kind: ClassVar[str]

    @property
    @abstractmethod
    def place(self) -> str:
        """The database in words, without its password."""

    @abstractmethod
    def dump(self, writer: Writer, folder: Path, say: Say) -> dict[str, Table]:
        """Adds a copy of one moment to a backup. `folder` takes a draft of it."""

    @abstractmethod
    def load(self, backup: Reader, say: Say) -> None:
        """Fills the empty database that the connection leads to. Raises Damaged."""

    @abstractmethod
    def target(self) -> AbstractContextManager[None]:
        """What is done in this context takes the place of the unused database, if no error ends it."""

    @abstractmethod
    def scratch(self) -> AbstractContextManager[None]:
        """In this context the connection leads to an empty database, which is then gone. Raises NoScratch."""


def engine() -> Engine:
    return SqliteEngine() if connection.vendor == "sqlite" else PostgresEngine()


def quoted(name: str) -> str:
    return connection.ops.quote_name(name)


@contextmanager
def leading_to(name: str) -> Iterator[None]:
    """The connection of this process leads to another database, and caches know nothing of the other one."""
    own = connection.settings_dict["NAME"]
    try:
        connection.close()
        clear_all()
        connection.settings_dict["NAME"] = name
        yield
    finally:
        connection.close()
        clear_all()
        connection.settings_dict["NAME"] = own


class SqliteEngine(Engine):
    kind = "SQLite"

    @property
    def file(self) -> Path:
        return Path(connection.settings_dict["NAME"])

    @property
    def place(self) -> str:
        return str(self.file)

    def dump(self, writer: Writer, folder: Path, say: Say) -> dict[str, Table]:
        """The open read keeps the snapshot: a copy that others' writes restart might never end."""

        def tell(status: int, left: int, total: int) -> None:
            say(f"{100 * (total - left) // max(total, 1)} % of the database is copied")

        descriptor, draft = tempfile.mkstemp(prefix=".backup.", dir=folder)
        os.close(descriptor)
        try:
            with (
                closing(sqlite3.connect(self.file, isolation_level=None)) as source,
                closing(sqlite3.connect(draft, isolation_level=None)) as copy,
            ):
                source.execute("BEGIN")
                source.execute("SELECT 1 FROM sqlite_master").fetchone()
                source.backup(copy, pages=PAGES_PER_STEP, progress=tell, sleep=0)
                copy.execute("PRAGMA journal_mode = DELETE")  # so that this file is all of it
                tables = {
                    name: Table(rows=copy.execute(f"SELECT count(*) FROM {quoted(name)}").fetchone()[0])
                    for (name,) in copy.execute(ROWS_SQL).fetchall()
                }
            writer.add(SQLITE_PART, _told(_content(Path(draft)), SQLITE_PART, say))
        finally:
            Path(draft).unlink()
        return tables

    def load(self, backup: Reader, say: Say) -> None:
        connection.close()
        with self.file.open("wb") as file:
            for chunk in _told(backup.chunks(SQLITE_PART), SQLITE_PART, say):
                file.write(chunk)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check(1)")
            if (found := cursor.fetchone()[0]) != "ok":
                raise Damaged(f"SQLite finds {one_line(found)}")

    @contextmanager
    def target(self) -> Iterator[None]:
        place = self.file
        with self._beside() as draft:
            yield
            connection.close()  # the last one to close writes the log of SQLite into the file
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            for name in (place, place.with_name(f"{place.name}-wal"), place.with_name(f"{place.name}-shm")):
                name.unlink(missing_ok=True)
            draft.replace(place)
            sync_folder(place.parent)

    @contextmanager
    def scratch(self) -> Iterator[None]:
        with self._beside():
            yield

    @contextmanager
    def _beside(self) -> Iterator[Path]:
        """A database in a private folder, on the file system of the own one."""
        own = self.file
        with tempfile.TemporaryDirectory(prefix=".restore.", dir=own.parent) as folder:
            draft = Path(folder) / own.name
            draft.touch(0o600)
            with leading_to(str(draft)):
                yield draft


class PostgresEngine(Engine):
    kind = "PostgreSQL"

    @property
    def place(self) -> str:
        return f"the database {connection.settings_dict['NAME']}"

    def dump(self, writer: Writer, folder: Path, say: Say) -> dict[str, Table]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            return {name: self._dump_table(cursor, writer, name, say) for name in migrations.table_names()}

    def _dump_table(self, cursor: Any, writer: Writer, name: str, say: Say) -> Table:
        cursor.execute(COLUMNS_SQL, [name])
        columns = [column for (column,) in cursor.fetchall()]
        numbers: dict[str, int] = {}
        for column, sequence in self._numbered(cursor, name):
            cursor.execute(f"SELECT last_value FROM {sequence} WHERE is_called")
            numbers.update((column, number) for (number,) in cursor.fetchall())
        raw = cursor.connection.cursor()
        with raw.copy(f"COPY {_with_columns(name, columns)} TO STDOUT") as rows:
            writer.add(_part(name), _told(rows, name, say))
        return Table(rows=raw.rowcount, columns=columns, numbers=numbers)

    def _numbered(self, cursor: Any, name: str) -> list[tuple[str, str]]:
        """Columns whose values the database counts up, each with its sequence."""
        cursor.execute(NUMBERED_SQL, [name])
        found: list[tuple[str, str]] = cursor.fetchall()
        return found

    def load(self, backup: Reader, say: Say) -> None:
        tables = backup.manifest.tables
        migrations.build_schema(backup.manifest.migrations)
        with connection.cursor() as cursor:
            missing = sorted({*tables} - {*connection.introspection.table_names(cursor)})
            if missing:
                raise Damaged(f"its migrations make no table {missing[0]}")
            cursor.execute(f"TRUNCATE {', '.join(quoted(name) for name in tables)}")
            for name, table in tables.items():
                with cursor.connection.cursor().copy(
                    f"COPY {_with_columns(name, table.columns)} FROM STDIN"
                ) as rows:
                    for chunk in _told(backup.chunks(_part(name)), name, say):
                        rows.write(chunk)
                for column, sequence in self._numbered(cursor, name):
                    if column in table.numbers:
                        cursor.execute("SELECT setval(%s, %s)", [sequence, table.numbers[column]])

    @contextmanager
    def target(self) -> Iterator[None]:
        with transaction.atomic():
            with connection.cursor() as cursor:
                if unused := migrations.table_names():
                    cursor.execute(f"DROP TABLE {', '.join(quoted(name) for name in unused)}")
            clear_all()
            yield
        clear_all()

    @contextmanager
    def scratch(self) -> Iterator[None]:
        name = f"sagaboard_try_{secrets.token_hex(6)}"
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {name}")
        except Error as error:
            raise NoScratch(one_line(error)) from error
        try:
            with leading_to(name), transaction.atomic():
                yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _part(table: str) -> str:
    return f"tables/{table}.copy"


def _with_columns(table: str, columns: list[str]) -> str:
    return f"{quoted(table)} ({', '.join(quoted(column) for column in columns)})"


def _content(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _told(chunks: Any, name: str, say: Say) -> Iterator[Any]:
    done = 0
    for chunk in chunks:
        done += len(chunk)
        yield chunk
        say(f"{name}: {done // 1_000_000} MB")

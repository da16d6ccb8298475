"""A database of a test's own on a small disk, which the product's processes and the test itself use."""

from __future__ import annotations

import os
import pwd
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.db import connection, connections
from psycopg import sql

from config.lib.caches import clear_all
from tests.disks import Disk, small_disk
from tests.integration.processes.conftest import database_address
from tests.postgres import NAME, cut_connections, other_user
from tests.rights import NotAllowed

MEGABYTES = 40
COPY = "on_a_small_disk"


@dataclass(frozen=True)
class Place:
    """`facts`: what to set for a process that is to use the database."""

    disk: Disk
    facts: dict[str, str]

    @contextmanager
    def without_writing(self) -> Iterator[None]:
        """The database takes no writes; a file must be closed everywhere for that."""
        self._forbid_writing()
        try:
            yield
        finally:
            self.allow_writing()

    def allow_writing(self) -> None:
        if connection.vendor == "sqlite":
            self.disk.allow_writing()
        else:
            self._alter("RESET default_transaction_read_only")

    def _forbid_writing(self) -> None:
        if connection.vendor == "sqlite":
            connection.close()
            self.disk.forbid_writing()
        else:
            self._alter("SET default_transaction_read_only = on")
            cut_connections(connection)
            connection.close()

    def _alter(self, words: str) -> None:
        """Of the connections that are made from now on."""
        name = sql.Identifier(str(connection.settings_dict["NAME"]))
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = off")
            cursor.execute(sql.SQL("ALTER DATABASE {} " + words).format(name))


@contextmanager
def database_on_a_small_disk() -> Iterator[Place]:
    """A copy of the test's database. Where nobody may mount it is left out, in one line; in CI it fails."""
    try:
        with small_disk(MEGABYTES, owner=owner()) as disk:
            copied = copied_file if connection.vendor == "sqlite" else copied_to_tablespace
            with copied(disk) as facts:
                yield Place(disk, facts)
    except NotAllowed as reason:
        message = f"no test of full disks: this machine lets nobody mount one ({reason})"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


def owner() -> int:
    """Who the database's files belong to."""
    user = other_user().get("user") if connection.vendor == "postgresql" else None
    return pwd.getpwnam(user).pw_uid if user else os.getuid()


@contextmanager
def copied_file(disk: Disk) -> Iterator[dict[str, str]]:
    copy, name = disk.folder / "db.sqlite3", connection.settings_dict["NAME"]
    with closing(sqlite3.connect(name)) as source:
        source.execute("VACUUM INTO ?", (str(copy),))  # without the room that other tests once needed
    with closing(sqlite3.connect(copy)) as target:
        target.execute("PRAGMA journal_mode = WAL")
    with connected(NAME=str(copy)):
        yield {"DATABASE_URL": f"sqlite:///{copy}"}


@contextmanager
def copied_to_tablespace(disk: Disk) -> Iterator[dict[str, str]]:
    original, address = connection.settings_dict["NAME"], database_address()["DATABASE_URL"]
    copy = sql.Identifier(f"{original}_{COPY}")
    connection.close()
    with closing(psycopg.connect(f"{address.rpartition('/')[0]}/{NAME}", autocommit=True)) as admin:

        def do(words: str) -> None:
            names = {
                "copy": copy,
                "original": sql.Identifier(original),
                "folder": sql.Literal(str(disk.folder)),
            }
            admin.execute(sql.SQL(words).format(**names))

        do("CREATE TABLESPACE {copy} LOCATION {folder}")
        try:
            do("CREATE DATABASE {copy} TEMPLATE {original} TABLESPACE {copy}")
            with connected(NAME=f"{original}_{COPY}"):
                yield {"DATABASE_URL": f"{address}_{COPY}"}
        finally:
            do("DROP DATABASE IF EXISTS {copy} WITH (FORCE)")
            do("DROP TABLESPACE {copy}")


@contextmanager
def connected(**facts: Any) -> Iterator[None]:
    """This thread's connection leads elsewhere."""
    usual = connections["default"]
    usual.close()
    other = usual.copy()
    other.settings_dict = {**usual.settings_dict, **facts}
    connections["default"] = other
    clear_all()  # other versions have the same ids there
    try:
        yield
    finally:
        other.close()
        connections["default"] = usual
        clear_all()

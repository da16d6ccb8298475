"""What counts as a database that is away, and how: by the driver's codes, mostly whatever the words."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from django.db import DatabaseError, InterfaceError, OperationalError

from config.lib.database_errors import Unavailability, is_unavailable, unavailability
from tests.database_errors import database_error


@pytest.mark.parametrize(
    ("code", "how"),
    [
        (sqlite3.SQLITE_BUSY, "busy"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "busy"),
        (sqlite3.SQLITE_LOCKED, "busy"),
        (sqlite3.SQLITE_FULL, "full"),
        (sqlite3.SQLITE_READONLY, "read_only"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "read_only"),
        (sqlite3.SQLITE_IOERR_WRITE, "broken"),
        (sqlite3.SQLITE_CANTOPEN, "closed"),
        ("53100", "full"),
        ("25006", "read_only"),
        ("58030", "broken"),
        ("55P03", "busy"),
        ("40P01", "busy"),
        ("25P03", "silent"),
        ("57P01", "silent"),
        ("08006", "silent"),
        ("53300", "silent"),
    ],
)
def test_away(code: int | str, how: Unavailability) -> None:
    error = database_error("in whatever language", code)
    assert is_unavailable(error)
    assert unavailability(error) == how


def test_a_connection_refused_for_lack_of_room_has_no_code() -> None:
    error = OperationalError("refused")
    error.__cause__ = psycopg.OperationalError("connection failed: FATAL:  could not write init file")
    assert is_unavailable(error)
    assert unavailability(error) == "full"


@pytest.mark.parametrize("error", [OperationalError("no server"), InterfaceError("closed")], ids=str)
def test_what_no_driver_said_is_silence(error: Exception) -> None:
    assert is_unavailable(error)
    assert unavailability(error) == "silent"


@pytest.mark.parametrize(
    "error",
    [
        database_error("division by zero", "22012"),
        database_error("a key twice", "23505"),
        database_error("no such relation", "42P01"),
        database_error("the transaction is aborted", "25P02"),
        DatabaseError("database disk image is malformed"),
        ValueError("a bug"),
    ],
    ids=str,
)
def test_a_bug_is_not_away(error: Exception) -> None:
    assert not is_unavailable(error)

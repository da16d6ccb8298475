"""Classifies errors of the database: is it unavailable, and in which way? Any other error is a bug.

Unavailable is what passes by itself or with an administrator's help, without a change of the code: no answer,
a lock, a full or broken disk, a database that takes no writes. Callers keep their work and try again.

Codes: PostgreSQL's SQLSTATE (its manual, appendix A), SQLite's result codes (sqlite.org/rescode.html).
"""

from __future__ import annotations

import sqlite3
from typing import Literal

import psycopg
from django.db import InterfaceError, OperationalError

Unavailability = Literal["silent", "closed", "busy", "full", "read_only", "broken"]

# psycopg does not report these as OperationalError: an idle transaction that was ended, a read-only database.
CUT_OFF_STATES = ("25P03", "25P04")
READ_ONLY_STATE = "25006"
STATES: dict[str, Unavailability] = {
    READ_ONLY_STATE: "read_only",
    "53100": "full",
    "58030": "broken",
    "55P03": "busy",
    "40P01": "busy",
    "40001": "busy",
}
# PostgreSQL refuses a connection with these words if it cannot write its cache of the catalogues. They are
# never translated, and carry no code.
CACHE_NOT_WRITTEN = "could not write init file"
SQLITE_CODES: dict[int, Unavailability] = {
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "busy",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_IOERR: "broken",
    sqlite3.SQLITE_CANTOPEN: "closed",
}


def is_unavailable(error: BaseException) -> bool:
    """Whether the same work may succeed later, unchanged."""
    if isinstance(error, OperationalError | InterfaceError):
        return True
    return _state(error) in (READ_ONLY_STATE, *CUT_OFF_STATES)


def unavailability(error: BaseException) -> Unavailability:
    """The way in which the database is unavailable, by the driver's code; "silent" if it gives none."""
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        code: int = getattr(cause, "sqlite_errorcode", 0)  # sqlite3 itself raises errors without one
        return SQLITE_CODES.get(code & 0xFF, "silent")  # without the bits of an extended code
    if isinstance(cause, psycopg.Error) and CACHE_NOT_WRITTEN in str(cause):
        return "full"
    return STATES.get(_state(error) or "", "silent")


def _state(error: BaseException) -> str | None:
    cause = error.__cause__
    return cause.sqlstate if isinstance(cause, psycopg.Error) else None

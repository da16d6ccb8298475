"""Whether an error of the database says that it is away, and how; anything else is a bug.

Away is whatever passes by itself or with an administrator's help, without a change of ours: no answer, a
lock, a full or broken disk, a database that takes no writes. Whoever meets it keeps what it has and tries
again.
"""

from __future__ import annotations

import sqlite3
from typing import Literal

import psycopg
from django.db import InterfaceError, OperationalError

How = Literal["silent", "closed", "busy", "full", "read_only", "broken"]

# Not operational in psycopg's eyes: a transaction that was cut off, a database that is only read.
CUT_OFF_STATES = ("25P03", "25P04")
READ_ONLY_STATE = "25006"
STATES: dict[str, How] = {
    READ_ONLY_STATE: "read_only",
    "53100": "full",
    "58030": "broken",
    "55P03": "busy",
    "40P01": "busy",
    "40001": "busy",
}
# Who connects is refused with these words, which are never translated and carry no code, where PostgreSQL
# cannot write its cache of the catalogues.
REFUSED_FOR_ROOM = "could not write init file"
SQLITE_CODES: dict[int, How] = {
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "busy",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_IOERR: "broken",
    sqlite3.SQLITE_CANTOPEN: "closed",
}


def is_away(error: BaseException) -> bool:
    """Whether to keep on at it."""
    if isinstance(error, OperationalError | InterfaceError):
        return True
    return _state(error) in (READ_ONLY_STATE, *CUT_OFF_STATES)


def how_away(error: BaseException) -> How:
    """What keeps the database from working, as its driver tells it by code, or by words where it has none."""
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        code: int = getattr(cause, "sqlite_errorcode", 0)  # none where sqlite3 itself refuses
        return SQLITE_CODES.get(code & 0xFF, "silent")
    if isinstance(cause, psycopg.Error) and REFUSED_FOR_ROOM in str(cause):
        return "full"
    return STATES.get(_state(error) or "", "silent")


def _state(error: BaseException) -> str | None:
    cause = error.__cause__
    return cause.sqlstate if isinstance(cause, psycopg.Error) else None

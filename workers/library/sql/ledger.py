"""The ledger: a table beside the data with a row for each step's change, written with the change itself.

So a change is made once, however often its attempt is repeated, and an undo that comes before its late step
keeps it from being made at all.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, Text, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from config.lib.json import json_text
from config.lib.json_reader import read_json

KEY_CHARS_MAX = 300

LEDGER = Table(
    "sagaboard_ledger",
    MetaData(),
    Column("key", Text, primary_key=True),
    Column("result", Text, nullable=False),
)
CLOSED = "null"  # the result of a key whose change must not be made any more


def create(connection: Connection) -> None:
    """Makes the table, in a transaction of its own, if it is not there."""
    LEDGER.create(connection, checkfirst=True)


def taken(connection: Connection, key: str) -> tuple[bool, Any]:
    """Takes a key for this transaction; others that want it wait for its end.

    Returns whether it was free, and else the result that is kept under it, None for a closed one.
    """
    try:
        with connection.begin_nested():
            connection.execute(insert(LEDGER).values(key=key, result=CLOSED))
    except IntegrityError:
        result = connection.execute(select(LEDGER.c.result).where(LEDGER.c.key == key)).scalar_one()
        return False, read_json(result)
    return True, None


def keep(connection: Connection, key: str, result: Any) -> None:
    connection.execute(update(LEDGER).where(LEDGER.c.key == key).values(result=json_text(result)))


def exists_already(error: DBAPIError) -> bool:
    """Whether two workers made the table at the same time."""
    return "already exists" in str(error.orig) or "pg_type_typname_nsp_index" in str(error.orig)

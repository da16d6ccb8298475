"""Bulk inserts: COPY on PostgreSQL, one prepared statement on SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from runs.store.database import database

Row = Sequence[Any]


def load(table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Appends rows to a table, within the caller's transaction. JSON columns take text."""
    connection.ensure_connection()
    names = ", ".join(columns)
    if connection.vendor == "postgresql":
        with (
            connection.connection.cursor() as cursor,
            cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(columns))
    stored = ([_stored(value) for value in row] for row in rows)
    connection.connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", stored)  # noqa: S608


def _stored(value: Any) -> Any:
    """A value as SQLite stores it: this bypasses Django's conversion."""
    if isinstance(value, UUID):
        return database().key(value)
    return database().time(value) if isinstance(value, datetime) else value

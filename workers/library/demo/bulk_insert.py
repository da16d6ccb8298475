"""Stores many rows at once, as fast as each database takes them: COPY, or one statement for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from runs.store.database import database

Row = Sequence[Any]


def load(table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Append rows to a table, within the caller's transaction. JSON is given as text."""
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
    if isinstance(value, UUID):
        return database().key(value)
    return database().time(value) if isinstance(value, datetime) else value

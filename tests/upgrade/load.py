"""Makes the database of an earlier release: `python -m tests.upgrade.load FILE`, see `record`.

The tables are those that the release's migrations made; on PostgreSQL they get the same rows.
"""

from __future__ import annotations

import gzip
import json
import sys
from base64 import b64decode
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import django
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader


def migrate_to(applied: list[tuple[str, str]]) -> None:
    """Applies each of these migrations by itself, also those that a later one stands for."""
    executor = MigrationExecutor(connection)
    executor.loader = MigrationLoader(connection, replace_migrations=False)
    executor.migrate([target for target in applied if target in executor.loader.graph.nodes])


def fill(rows: list[tuple[str, dict[str, Any]]]) -> None:
    """Puts the rows in place of those that the migrations made."""
    tables = {table for table, _ in rows}.intersection(connection.introspection.table_names())
    with transaction.atomic(), connection.cursor() as cursor:  # references are checked at its end
        kinds = {table: kinds_of(cursor, table) for table in tables}
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")
        for table, row in rows:
            if table in tables:
                insert(cursor, table, row, kinds[table])
        if connection.vendor == "postgresql":
            set_sequences(cursor, tables)


def insert(cursor: Any, table: str, row: dict[str, Any], kinds: dict[str, str]) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    values = [value_of(value, kinds.get(name, "")) for name, value in row.items()]
    cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join(['%s'] * len(row))})", values)


def kinds_of(cursor: Any, table: str) -> dict[str, str]:
    """The types of a table's columns where the rows of SQLite need to be changed for them."""
    if connection.vendor != "postgresql":
        return {}
    sql = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
    cursor.execute(sql, [table])
    return dict(cursor.fetchall())


def value_of(value: Any, kind: str) -> Any:
    if isinstance(value, dict):
        return b64decode(value["base64"])
    return bool(value) if kind == "boolean" and value is not None else value


def set_sequences(cursor: Any, tables: Iterable[str]) -> None:
    for table in tables:
        for sequence in connection.introspection.get_sequences(cursor, table):
            column = sequence["column"]
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence(%s, %s), COALESCE(MAX({column}), 0) + 1, false)"
                f" FROM {table}",
                [table, column],
            )


def main(file: str) -> None:
    django.setup()
    with gzip.open(Path(file), "rt") as lines:
        applied, *rows = map(json.loads, lines)
    migrate_to([(app, name) for app, name in applied])
    fill(rows)


if __name__ == "__main__":
    main(sys.argv[1])

"""Empties the database after a test: the tables that hold something, without what every test begins with.

Django's `flush` empties each table and makes content types, permissions and roles anew, which costs more than
most tests do. Here these stay; a test that has changed them, or filled a table with very many rows, is
followed by Django's own.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db import connection, transaction
from django.test import TransactionTestCase

ALWAYS = ("django_content_type", "auth_permission", "auth_group", "auth_group_permissions")
ROWS_MAX = 2_000  # more of a table are faster removed with their file, where the database can

flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]
begun_with: list[Any] = []


def install() -> None:
    """From now on; what stands in `ALWAYS` is what every test begins with."""
    begun_with[:] = _always()
    TransactionTestCase._fixture_teardown = _empty  # type: ignore[attr-defined]


def _empty(self: TransactionTestCase) -> None:
    if not _is_emptied():
        flush(self)
        begun_with[:] = _always()


def _is_emptied() -> bool:
    with transaction.atomic(), connection.cursor() as cursor:
        for table in _filled():
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608
            if cursor.rowcount > ROWS_MAX:
                transaction.set_rollback(True)
                return False
    return _always() == begun_with


@cache
def _tables() -> list[str]:
    return [
        name for name in connection.introspection.django_table_names(only_existing=True) if name not in ALWAYS
    ]


def _filled() -> list[str]:
    exist = ", ".join(f"EXISTS (SELECT 1 FROM {connection.ops.quote_name(table)})" for table in _tables())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {exist}")
        return [table for table, is_filled in zip(_tables(), cursor.fetchone(), strict=True) if is_filled]


def _always() -> list[Any]:
    with connection.cursor() as cursor:
        found = []
        for table in ALWAYS:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)} ORDER BY id")  # noqa: S608
            found.append(cursor.fetchall())
        return found

"""The schema of a backup: its migrations, whether they are known here, and the tables as of then."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from config.operations.backup.errors import OfNewerVersion

Name = tuple[str, str]

OWN_TABLE = MigrationRecorder.Migration._meta.db_table
# What `migrate` fills by itself, and what belongs to an index of SQLite's.
FILLED = {
    OWN_TABLE,
    "django_content_type",
    "auth_group",
    "auth_permission",
    "auth_group_permissions",
    "library_product",
}
INDEX = "runs_runtext_index"


def applied() -> list[Name]:
    return sorted(MigrationRecorder(connection).applied_migrations())


def table_names() -> list[str]:
    """The product's tables that the database has."""
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
    own = {*connection.introspection.django_table_names(include_views=False), OWN_TABLE}
    return sorted(present & own)


def tables_in_use() -> list[str]:
    """Tables that have rows which `migrate` did not bring, whosoever they are."""
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        return [
            name
            for name in names
            if not (name in FILLED or name.startswith(INDEX)) and _has_rows(cursor, name)
        ]


def _has_rows(cursor: Any, name: str) -> bool:
    cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(name)} LIMIT 1")
    return bool(cursor.fetchall())


def refuse_newer(names: list[Name]) -> None:
    """Raises OfNewerVersion for migrations that this version neither has nor has replaced."""
    loader = MigrationExecutor(connection).loader
    replaced = {name for migration in loader.replacements.values() for name in migration.replaces}
    unknown = [
        ".".join(name) for name in names if name not in loader.disk_migrations and name not in replaced
    ]
    if unknown:
        raise OfNewerVersion(unknown)


def build_schema(names: list[Name]) -> None:
    """Makes the tables in an empty database as they were where these migrations had been applied.

    It may be part of a transaction, so rows that a migration adds are checked before the next one.
    """
    executor = MigrationExecutor(connection, progress_callback=_settle)
    known = set(names)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    then = [
        step for step in plan if known.intersection([(step[0].app_label, step[0].name), *step[0].replaces])
    ]
    executor.migrate([], plan=then)


def _settle(action: str, *rest: object) -> None:
    if action == "apply_success":
        connection.check_constraints()

"""Builds what earlier migrations leave out: indexes of tables that may have millions of rows.

PostgreSQL builds them concurrently, so that nobody's writes wait for it; but for a restored backup, which is
migrated in a transaction, and by nobody else. An index that is there is left alone, so this can be started
again where it was cut off.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations

INDEXES = {  # the name of each index, and whether it can be used; Django's introspection parses every table
    "sqlite": "SELECT name, 1 FROM sqlite_master WHERE type = 'index'",
    "postgresql": """
        SELECT relname, indisvalid FROM pg_index JOIN pg_class ON oid = indexrelid
        WHERE pg_table_is_visible(oid)
    """,
}


def build_missing(apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    is_postgres = connection.vendor == "postgresql"
    concurrently = {"concurrently": True} if is_postgres and not connection.in_atomic_block else {}
    with connection.cursor() as cursor:
        cursor.execute(INDEXES[connection.vendor])
        is_usable = dict(cursor.fetchall())
    for model in apps.get_app_config("runs").get_models():
        for index in model._meta.indexes:
            if is_usable.get(index.name):
                continue
            if index.name in is_usable:  # what is left of a build that was cut off
                schema_editor.remove_index(model, index, **concurrently)
            schema_editor.add_index(model, index, **concurrently)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("runs", "0035_counters_for_operators")]
    operations = [migrations.RunPython(build_missing, migrations.RunPython.noop)]

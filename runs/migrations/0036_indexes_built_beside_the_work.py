"""Builds what earlier migrations leave out: indexes of tables that may have millions of rows.

PostgreSQL builds them concurrently, so that nobody's writes wait for it; but for a restored backup, which is
migrated in a transaction, and by nobody else. An index that is there is left alone, so this can be started
again where it was cut off.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations

BROKEN = """
    SELECT relname FROM pg_index JOIN pg_class ON oid = indexrelid
    WHERE NOT indisvalid AND pg_table_is_visible(oid) AND relname = ANY(%s)
"""


def build_missing(apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    is_postgres = connection.vendor == "postgresql"
    concurrently = {"concurrently": True} if is_postgres and not connection.in_atomic_block else {}
    for model in apps.get_app_config("runs").get_models():
        wanted = {index.name: index for index in model._meta.indexes}
        with connection.cursor() as cursor:
            there = set(connection.introspection.get_constraints(cursor, model._meta.db_table))
            if is_postgres:
                cursor.execute(BROKEN, [list(wanted)])
                broken = {name for (name,) in cursor.fetchall()}
            else:
                broken = set()
        for name, index in wanted.items():
            if name in broken:  # what is left of a build that was cut off
                schema_editor.remove_index(model, index, **concurrently)
            if name in broken or name not in there:
                schema_editor.add_index(model, index, **concurrently)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("runs", "0035_counters_for_operators")]
    operations = [migrations.RunPython(build_missing, migrations.RunPython.noop)]

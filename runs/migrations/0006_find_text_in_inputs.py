"""Substring search in inputs, by what each database brings along; and rows for the runs that exist."""

from typing import Any

import orjson
from django.db import migrations
from django.db.models import F

SQLITE = (
    "CREATE VIRTUAL TABLE runs_runtext_index"
    " USING fts5(text, content='runs_runtext', content_rowid='id', tokenize='trigram')",
    "CREATE TRIGGER runs_runtext_added AFTER INSERT ON runs_runtext BEGIN"
    " INSERT INTO runs_runtext_index(rowid, text) VALUES (new.id, new.text); END",
    "CREATE TRIGGER runs_runtext_gone AFTER DELETE ON runs_runtext BEGIN"
    " INSERT INTO runs_runtext_index(runs_runtext_index, rowid, text)"
    " VALUES ('delete', old.id, old.text); END",
)
SQLITE_BACK = (
    "DROP TRIGGER runs_runtext_gone",
    "DROP TRIGGER runs_runtext_added",
    "DROP TABLE runs_runtext_index",
)
POSTGRES = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX runs_runtext_trigrams ON runs_runtext USING gin (text gin_trgm_ops)",
)
POSTGRES_BACK = ("DROP INDEX runs_runtext_trigrams",)
ROWS_PER_BATCH = 500
TEXT_LENGTH_MAX = 10_000
LABEL_LENGTH_MAX = 200


def build(apps: Any, schema_editor: Any) -> None:
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRES:
        schema_editor.execute(statement)


def drop(apps: Any, schema_editor: Any) -> None:
    for statement in SQLITE_BACK if schema_editor.connection.vendor == "sqlite" else POSTGRES_BACK:
        schema_editor.execute(statement)


def fill(apps: Any, schema_editor: Any) -> None:
    run, text, label = (apps.get_model("runs", name) for name in ("Run", "RunText", "RunLabel"))
    texts: list[Any] = []
    labels: list[Any] = []
    for found in run.objects.order_by("created_at").only("input", "labels", "created_at").iterator():
        if found.input:
            texts.append(text(run_id=found.pk, text=orjson.dumps(found.input).decode()[:TEXT_LENGTH_MAX]))
        labels += [
            label(
                run_id=found.pk,
                key=key[:LABEL_LENGTH_MAX],
                value=str(value)[:LABEL_LENGTH_MAX],
                created_at=found.created_at,
            )
            for key, value in found.labels.items()
        ]
    text.objects.bulk_create(texts, batch_size=ROWS_PER_BATCH)
    label.objects.bulk_create(labels, batch_size=ROWS_PER_BATCH)
    ended = run.objects.filter(finished_at__isnull=False, trial=False)
    ended.update(tally_at=F("finished_at"))


def leave(apps: Any, schema_editor: Any) -> None:
    """The rows go with their tables."""


class Migration(migrations.Migration):
    dependencies = [("runs", "0005_lists_and_figures")]
    operations = [migrations.RunPython(build, drop), migrations.RunPython(fill, leave)]

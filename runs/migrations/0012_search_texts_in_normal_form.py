"""Searched texts are kept in a normal form: rows that exist are written anew, some hundred at a time.

Each step is a transaction of its own: runs go on meanwhile, and the migration can be begun again. A row is
deleted and inserted with its id, as the triggers of SQLite's index know these two, and lists go by the ids.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import orjson
from django.db import migrations, transaction

ROWS_AT_ONCE = 200
TEXT_LENGTH_MAX = 10_000
WHITE_SPACE = re.compile(r"\s+")


def normal_form(text: str) -> str:
    """A text as it is compared."""
    if text.isascii():
        return WHITE_SPACE.sub(" ", text.lower())
    folded = unicodedata.normalize("NFC", text).casefold()
    return WHITE_SPACE.sub(" ", unicodedata.normalize("NFC", folded))


def text_of(value: Any) -> str:
    """The beginning of a JSON value as searched text."""
    parts, length = [], 0
    for part in _parts(value):
        parts.append(part[:TEXT_LENGTH_MAX])
        length += len(part)
        if length > TEXT_LENGTH_MAX:
            break
    return normal_form("".join(parts))[:TEXT_LENGTH_MAX]


def _parts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield f'"{value}"'
    elif isinstance(value, dict):
        for index, (key, member) in enumerate(value.items()):
            yield f'{"," if index else "{"}"{key}":'
            yield from _parts(member)
        yield "}" if value else "{}"
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield "," if index else "["
            yield from _parts(item)
        yield "]" if value else "[]"
    else:
        yield orjson.dumps(value).decode()


def write_anew(apps: Any, schema_editor: Any) -> None:
    row = apps.get_model("runs", "RunText")
    last = 0
    while rows := list(row.objects.filter(pk__gt=last).select_related("run").order_by("pk")[:ROWS_AT_ONCE]):
        with transaction.atomic(using=schema_editor.connection.alias):
            kept = row.objects.filter(pk__in=[one.pk for one in rows])
            present = set(kept.select_for_update().values_list("pk", flat=True))
            kept.delete()
            row.objects.bulk_create(
                row(pk=one.pk, run_id=one.run_id, text=text_of(one.run.input))
                for one in rows
                if one.pk in present
            )
        last = rows[-1].pk


def leave(apps: Any, schema_editor: Any) -> None:
    """The older release finds less in the new texts, and breaks on none."""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("runs", "0011_names_of_deleted_people")]
    operations = [migrations.RunPython(write_anew, leave, atomic=False)]

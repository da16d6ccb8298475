"""Search for a text in the inputs of runs, by the database's trigram index: FTS5 of SQLite, pg_trgm.

Both index three characters at a time. A shorter text is searched in the newest SHORT_LOOKED_AT runs only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from runs.store.database import Query, database
from runs.store.dialects import like_pattern
from runs.store.search_text import normal_form

INDEXED_LENGTH_MIN = 3
SHORT_LOOKED_AT = 5_000
TEXT_LENGTH_MAX = 200
NO_PLACE = 2**63 - 1  # above every id

Rows = list[tuple[Any, ...]]

SHORT_SQL = (
    "SELECT id, run_id FROM runs_runtext WHERE id > (SELECT coalesce(max(id), 0) FROM runs_runtext) - %s"
    " AND text LIKE %s ESCAPE '\\' AND id < %s ORDER BY id DESC LIMIT %s"
)


def newest_with(text: str, before: int | None, limit: int) -> Rows:
    """Ids of text rows, which serve as places, and keys of runs with `text` in their input, newest first."""
    text, before = _searched(text), NO_PLACE if before is None else before
    if len(text) >= INDEXED_LENGTH_MIN:
        return rows_of(*database().indexed_text(text, before, limit))
    return rows_of(SHORT_SQL, [SHORT_LOOKED_AT, like_pattern(text), before, limit])


def having(text: str, keys: Query) -> Query:
    """The query of those keys whose runs have `text` in their input; it compares the texts one by one."""
    sql, values = keys
    matching = f"SELECT run_id FROM runs_runtext WHERE run_id IN ({sql}) AND text LIKE %s ESCAPE '\\'"  # noqa: S608
    return matching, (*values, like_pattern(_searched(text)))


def is_indexed(text: str) -> bool:
    return len(_searched(text)) >= INDEXED_LENGTH_MIN


def rows_of(sql: str, values: Sequence[Any]) -> Rows:
    """The raw rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _searched(text: str) -> str:
    return normal_form(text[:TEXT_LENGTH_MAX].replace("\x00", "\ufffd"))

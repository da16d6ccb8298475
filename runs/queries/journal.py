"""A run's journal in bulk, for pages that replay it: thousands of short rows per answer.

Hand-written SQL, as making models of the rows would cost several times more than all the rest.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from config.lib.json import iso
from runs.queries.snapshot import without_traceback
from runs.store.database import Database, Row, database

BULK_MAX = 5_000
BULK_SQL = (
    "SELECT type, step, attempt, at, status, data FROM runs_journalentry"
    " WHERE run_id = %s AND seq > %s ORDER BY seq LIMIT %s"
)


def bulk_text(run_id: UUID, after: int, limit: int) -> bytes:
    """Returns `{"entries": [[type, step, attempt, at, status, data], …]}` of entries after number `after`."""
    db = database()
    rows = db.rows((BULK_SQL, [db.key(run_id), after, min(limit, BULK_MAX)]))
    return orjson.dumps({"entries": [_row(db, entry) for entry in rows]})


def _row(db: Database, entry: Row) -> list[Any]:
    kind, step, attempt, at, status, data = entry
    return [kind, step, attempt, iso(db.time_of(at)), status, _facts(data)]


def _facts(data: Any) -> Any:
    """Returns the data of an entry as in frames.

    SQLite gives JSON as text, which goes into the answer unparsed unless there is a traceback to take out.
    """
    if isinstance(data, str):
        if '"traceback"' not in data:
            return orjson.Fragment(data)
        data = orjson.loads(data)
    error = data.get("error")
    return data | {"error": without_traceback(error)} if isinstance(error, dict) else data

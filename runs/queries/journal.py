"""A run's journal in bulk, for pages that replay it: thousands of entries an answer, each a short row.

Reading only, by hand-written SQL: models would cost several times more than all else here.
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
    """`{"entries": [[type, step, attempt, at, status, data], …]}` of the entries after number `after`."""
    db = database()
    found = db.rows((BULK_SQL, [db.key(run_id), after, min(limit, BULK_MAX)]))
    return orjson.dumps({"entries": [_row(db, entry) for entry in found]})


def _row(db: Database, entry: Row) -> list[Any]:
    kind, step, attempt, at, status, data = entry
    return [kind, step, attempt, iso(db.time_of(at)), status, _facts(data)]


def _facts(data: Any) -> Any:
    """As in frames; SQLite gives them as text, which is taken as it is where there is no traceback in it."""
    if isinstance(data, str):
        if '"traceback"' not in data:
            return orjson.Fragment(data)
        data = orjson.loads(data)
    error = data.get("error")
    return data | {"error": without_traceback(error)} if isinstance(error, dict) else data

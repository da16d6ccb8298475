"""What is written differently for SQLite and PostgreSQL: parameters, times, and the search for a text."""

from __future__ import annotations

from datetime import UTC, datetime

from config.lib.caches import memoized

# Both indexes of texts hold three letters at a time.
FTS5_SQL = (
    "SELECT found.id, found.run_id FROM runs_runtext_index CROSS JOIN runs_runtext found"
    " ON found.id = runs_runtext_index.rowid"
    " WHERE runs_runtext_index MATCH %s AND runs_runtext_index.rowid < %s"
    " ORDER BY runs_runtext_index.rowid DESC LIMIT %s"
)
TRIGRAM_SQL = "SELECT id, run_id FROM runs_runtext WHERE text LIKE %s AND id < %s ORDER BY id DESC LIMIT %s"


def like_pattern(text: str) -> str:
    """What LIKE finds wherever `text` stands."""
    for special in ("\\", "%", "_"):
        text = text.replace(special, "\\" + special)
    return f"%{text}%"


@memoized(maxsize=512)
def with_question_marks(sql: str) -> str:
    return sql.replace("%s", "?")


@memoized(maxsize=512)
def naive_text(value: datetime) -> str:
    """The format in which Django's backend stores times."""
    return value.astimezone(UTC).isoformat(" ").removesuffix("+00:00")

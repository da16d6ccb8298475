"""SQL that finds runs by a text in their input; both indexes hold three letters at a time."""

from __future__ import annotations

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

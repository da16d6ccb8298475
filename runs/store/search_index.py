"""Rows by which lists find a run: its labels, and the beginning of its input as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runs.machine.limits import LABEL_LENGTH_MAX
from runs.models import Run
from runs.store.database import Database, Row, database
from runs.store.search_text import text_of

TEXT_SQL = "INSERT INTO runs_runtext (run_id, text) VALUES (%s, %s)"
LABEL_SQL = "INSERT INTO runs_runlabel (run_id, key, value, created_at) VALUES (%s, %s, %s, %s)"


def index(runs: Iterable[Run]) -> None:
    """Inserts the search rows of `runs`, which must have been saved."""
    db, runs = database(), list(runs)
    texts = [(db.key(run.pk), text_of(run.input)) for run in runs if run.input]
    labels = [row for run in runs for row in _labels(db, run)]
    db.write([(sql, rows) for sql, rows in ((TEXT_SQL, texts), (LABEL_SQL, labels)) if rows])


def _labels(db: Database, run: Run) -> Iterator[Row]:
    run_id, created_at = db.key(run.pk), db.time(run.created_at)
    for key, value in run.labels.items():
        yield run_id, key[:LABEL_LENGTH_MAX], str(value)[:LABEL_LENGTH_MAX], created_at

"""Rows by which lists find a run: its labels, and the beginning of its input as text."""

from __future__ import annotations

from collections.abc import Iterable

from runs.machine.limits import LABEL_LENGTH_MAX
from runs.models import Run, RunLabel, RunText
from runs.store.search_text import text_of


def index(runs: Iterable[Run]) -> None:
    """Inserts the search rows of `runs`, which must have been saved."""
    runs = list(runs)
    texts = [RunText(run=run, text=text_of(run.input)) for run in runs if run.input]
    labels = [row for run in runs for row in _labels(run)]
    if texts:
        RunText.objects.bulk_create(texts)
    if labels:
        RunLabel.objects.bulk_create(labels)


def _labels(run: Run) -> list[RunLabel]:
    return [
        RunLabel(
            run=run,
            key=key[:LABEL_LENGTH_MAX],
            value=str(value)[:LABEL_LENGTH_MAX],
            created_at=run.created_at,
        )
        for key, value in run.labels.items()
    ]

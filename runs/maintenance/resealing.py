"""Seals anew, under the current SECRET_KEY, what an earlier one sealed. Runs at any time, beside everything.

Each row is changed in a transaction of its own, so the command may be stopped and started again. Texts that
are equal stay equal, so that a draft does not differ from its version. Runs keep what they were given: that a
text of a run's journal is one of its input is told by their being equal, at any time while it runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from django.db import models, transaction
from django.db.models.functions import Cast

from config.lib.secret_places import map_sealed, sealed_texts
from config.lib.secrets import MARK, CannotOpen, resealed, unseal
from designer.models import Workflow, WorkflowVersion
from runs.models import HeldInput, Run, Trigger
from workers.connections.models import Secret

PLACES: tuple[tuple[str, models.Manager[Any], tuple[str, ...]], ...] = (
    ("secrets", Secret._default_manager, ("sealed",)),
    ("drafts", Workflow.every, ("draft",)),
    ("versions", WorkflowVersion.every, ("document", "resolved")),
    ("triggers", Trigger._default_manager, ("input",)),
    ("waiting inputs", HeldInput._default_manager, ("input",)),
)


@dataclass
class Resealing:
    """`counts`: changed rows by what they are; `left`: values that no key opens."""

    keys: tuple[str, ...]
    counts: dict[str, int] = field(default_factory=dict)
    left: int = 0
    _texts: dict[str, str] = field(default_factory=dict)

    def everything(self) -> None:
        for what, rows, columns in PLACES:
            self.counts[what] = sum(self._row(rows, key, columns) for key in _keys_of(rows, columns))

    def _row(self, rows: models.Manager[Any], key: Any, columns: tuple[str, ...]) -> bool:
        """Seals the values of a row anew. Returns whether it changed."""
        with transaction.atomic():
            row = rows.select_for_update().filter(pk=key).values(*columns).first() or {}
            anew = {column: map_sealed(value, "", self._text) for column, value in row.items()}
            changed = {column: value for column, value in anew.items() if value != row[column]}
            if changed:
                rows.filter(pk=key).update(**changed)
        return bool(changed)

    def _text(self, text: str, path: str) -> str:
        if text not in self._texts:
            try:
                self._texts[text] = resealed(text, self.keys)
            except CannotOpen:
                self.left += 1
                self._texts[text] = text
        return self._texts[text]


def runs_under_older_keys(key: str) -> int:
    """How many runs were given secrets that `key`, the current one, does not open."""
    inputs = (
        Run.objects.filter(pk=pk).values_list("input", flat=True).first()
        for pk in _keys_of(Run._default_manager, ("input",))
    )
    return sum(any(not _opens(text, key) for _, text in sealed_texts(value)) for value in inputs)


def unopened(keys: tuple[str, ...]) -> dict[str, int]:
    """How many sealed values no key opens, those of runs included, of each kind that has such."""
    places = (*PLACES, ("runs", Run._default_manager, ("input",)))
    counts = {
        what: sum(
            not any(_opens(text, key) for key in keys)
            for pk in _keys_of(rows, columns)
            for values in rows.filter(pk=pk).values(*columns)
            for _, text in sealed_texts(values)
        )
        for what, rows, columns in places
    }
    return {what: count for what, count in counts.items() if count}


def _keys_of(rows: models.Manager[Any], columns: tuple[str, ...]) -> list[Any]:
    """The rows that hold sealed values; the database looks for their mark."""
    texts = {f"{column}_text": Cast(column, models.TextField()) for column in columns}
    forms = (MARK, MARK.encode("ascii", "backslashreplace").decode())  # as each database writes JSON
    marked = reduce(or_, (models.Q(**{f"{text}__contains": form}) for text in texts for form in forms))
    return list(rows.alias(**texts).filter(marked).order_by("pk").values_list("pk", flat=True))


def _opens(text: str, key: str) -> bool:
    try:
        unseal(text, key, lambda _: True)
    except CannotOpen:
        return False
    return True

"""Rows of the list of runs, and the columns that a person chooses for them. Few queries a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef

from config.lib.secrets import mask_secrets
from designer.services.folder_rights import seen
from runs.models import IS_LISTED, Run

COLUMNS = {
    "labels": "Labels",
    "steps": "Steps",
    "starter": "Started by",
    "error": "Error",
    "ended": "Ended",
    "took": "Took",
}
"""Columns beside run, status and time of creation, in the order in which they stand."""
STANDARD = ("labels", "steps", "took")
NO_COLUMNS = "none"
ERROR_SHOWN_MAX = 300


@dataclass(frozen=True, slots=True)
class Row:
    """A run of a list. `parent`: the workflow of the run that started it, "" for none that is there."""

    run: Run
    parent: str
    has_children: bool
    starter: str
    error: str


def rows_of(runs: Sequence[Run], user: Any = None) -> list[Row]:
    """The runs with what stands in other rows: parents, whether there are children, names of people.

    `user`: the person whom they are shown; runs that they may not see count as none.
    """
    ids = [run.pk for run in runs]
    parents: dict[UUID, str] = dict(_named({run.parent_id for run in runs if run.parent_id}, user))
    below = seen(Run.objects.filter(IS_LISTED, parent=OuterRef("pk")), user)
    with_children = set(Run.objects.filter(Exists(below), pk__in=ids).order_by().values_list("pk", flat=True))
    people = starters(runs)
    return [
        Row(
            run,
            parents.get(run.parent_id, "") if run.parent_id else "",
            run.pk in with_children,
            people[run.pk],
            error_text(run),
        )
        for run in runs
    ]


def _named(ids: Iterable[UUID], user: Any) -> Any:
    return seen(Run.objects.filter(pk__in=list(ids)), user).order_by().values_list("pk", "workflow_name")


def starters(runs: Sequence[Run]) -> dict[UUID, str]:
    """The username of who started each run, also of deleted accounts; "" where nobody did."""
    keys = {run.started_by_id for run in runs if run.started_by_id}
    people = get_user_model()._default_manager.filter(pk__in=keys)
    names: dict[int | None, str] = {user.pk: user.get_username() for user in people}
    return {run.pk: names.get(run.started_by_id) or run.started_by_name or "" for run in runs}


def error_text(run: Run) -> str:
    """What a run failed of, in one line; "" if it did not."""
    error = run.error or {}
    return mask_secrets(str(error.get("message") or error.get("code") or ""))[:ERROR_SHOWN_MAX]


def chosen_columns(text: str | None) -> list[str]:
    """The columns in a comma-separated text, as an address or a cookie has it; the standard ones without."""
    if text is None:
        return list(STANDARD)
    wanted = text.split(",")
    return [name for name in COLUMNS if name in wanted]


def columns_text(names: Iterable[str]) -> str:
    return ",".join(name for name in COLUMNS if name in set(names)) or NO_COLUMNS

"""Lists of runs: filters and keyset pages, each an index scan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from runs.errors import RunsError
from runs.models import Run

PAGE_ROWS = 50
UNLISTED = ("input", "state", "version__document", "version__resolved")  # large, and not in lists


class BadFilter(RunsError):
    """The filter cannot be understood."""

    code = "bad_filter"


@dataclass(frozen=True, slots=True)
class Filters:
    """`label` is `key` or `key=value`; `q` is text in the input; `since` an ISO 8601 time.

    `trials`: the trials of drafts instead of the real runs.
    """

    status: str | None = None
    workflow: str | None = None
    label: str | None = None
    q: str | None = None
    since: str | None = None
    trials: bool = False


Page = tuple[list[Run], str | None]


def page_of(filters: Filters, cursor: str | None = None, rows: int = PAGE_ROWS) -> Page:
    """One page, newest first, and the cursor of the next one. Raises BadFilter."""
    runs = filtered(filters).select_related("version").defer(*UNLISTED).order_by("-created_at", "-id")
    if cursor:
        at, run_id = _parse_cursor(cursor)
        runs = runs.filter(Q(created_at__lt=at) | Q(id__lt=run_id), created_at__lte=at)
    found = list(runs[: rows + 1])
    following = _cursor(found[rows - 1]) if len(found) > rows else None
    return found[:rows], following


def filtered(filters: Filters) -> QuerySet[Run]:
    runs = Run.objects.filter(trial=filters.trials)
    if filters.status:
        runs = runs.filter(status=filters.status)
    if filters.workflow:
        runs = runs.filter(workflow_name=filters.workflow)
    if filters.label:
        key, _, value = filters.label.partition("=")
        runs = runs.filter(**{f"labels__{key}": value} if value else {"labels__has_key": key})
    if filters.q:
        runs = runs.filter(input__icontains=filters.q)
    if filters.since:
        runs = runs.filter(created_at__gte=_time(filters.since))
    return runs


def _cursor(run: Run) -> str:
    return f"{run.created_at.isoformat()}~{run.pk}"


def _parse_cursor(cursor: str) -> tuple[datetime, UUID]:
    at, _, run_id = cursor.partition("~")
    try:
        return _time(at), UUID(run_id)
    except ValueError as error:
        raise BadFilter("That page does not exist; begin at the first one.") from error


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadFilter(f"{text!r} is not an ISO 8601 time.") from error
    if found.tzinfo is None:
        raise BadFilter(f"{text!r} has no time zone; add Z or an offset.")
    return found

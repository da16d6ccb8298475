"""Lists of runs: filters and keyset pages, each an index scan."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet

from runs import textsearch
from runs.errors import RunsError
from runs.models import Run
from runs.searchable import LABEL_LENGTH_MAX

PAGE_ROWS = 50
UNLISTED = ("input", "state", "version__document", "version__resolved")  # large, and not in lists
TEXT_CURSOR = "text"
LOOKED_AT_MAX = 20_000  # runs with the text that one page looks at, where other filters drop most of them


class BadFilter(RunsError):
    """The filter cannot be understood."""

    code = "bad_filter"


@dataclass(frozen=True, slots=True)
class Filters:
    """`label` is `key` or `key=value`; `q` is text in the input; `since` and `until` are ISO 8601 times.

    Runs that are real, unless `trials` of drafts or `imported` ones are asked for.
    """

    status: str | None = None
    workflow: str | None = None
    label: str | None = None
    q: str | None = None
    since: str | None = None
    until: str | None = None
    trials: bool = False
    imported: bool = False

    @property
    def is_any(self) -> bool:
        return any(getattr(self, spec.name) for spec in fields(self))

    @property
    def query(self) -> str:
        """As it stands in an address."""
        named = {spec.name: getattr(self, spec.name) for spec in fields(self)}
        shown = {name: "1" if value is True else value for name, value in named.items() if value}
        return urlencode(shown)


Page = tuple[list[Run], str | None]


def page_of(filters: Filters, cursor: str | None = None, rows: int = PAGE_ROWS) -> Page:
    """One page, newest first, and the cursor of the next one. Raises BadFilter."""
    return _text_page(filters, cursor, rows) if filters.q else _page(filters, cursor, rows)


def _page(filters: Filters, cursor: str | None, rows: int) -> Page:
    by = "label_rows__" if filters.label else ""
    at, key = f"{by}created_at", "label_rows__run_id" if filters.label else "id"
    wanted = _wanted(filters)
    if cursor:
        time, run_id = _parse_cursor(cursor)
        wanted &= (Q(**{f"{at}__lt": time}) | Q(**{f"{key}__lt": run_id})) & Q(**{f"{at}__lte": time})
    found = list(_listed().filter(wanted).order_by(f"-{at}", f"-{key}")[: rows + 1])
    following = _cursor(found[rows - 1]) if len(found) > rows else None
    return found[:rows], following


def _text_page(filters: Filters, cursor: str | None, rows: int) -> Page:
    """Goes through the runs with that text, newest first, and keeps those that fit the other filters."""
    wanted = _wanted(replace(filters, q=None))
    before, looked_at = _parse_text_cursor(cursor), 0
    shown: list[Run] = []
    while looked_at < LOOKED_AT_MAX:
        places = textsearch.newest(filters.q or "", before, 4 * (rows + 1))
        found = {run.pk: run for run in _listed().filter(wanted, pk__in=[run_id for _, run_id in places])}
        for place, run_id in places:
            if run_id in found and len(shown) == rows:
                return shown, f"{TEXT_CURSOR}~{before}"
            before = place
            shown += [found[run_id]] if run_id in found else []
        if len(places) < 4 * (rows + 1):
            return shown, None
        looked_at += len(places)
    return shown, f"{TEXT_CURSOR}~{before}"


def _listed() -> QuerySet[Run]:
    return Run.objects.select_related("version").defer(*UNLISTED)


def _wanted(filters: Filters) -> Q:
    wanted = Q(imported__isnull=False) if filters.imported else Q(trial=filters.trials, imported__isnull=True)
    if filters.status:
        wanted &= Q(status=filters.status)
    if filters.workflow:
        wanted &= Q(workflow_name=filters.workflow)
    if filters.label:
        key, _, value = filters.label.partition("=")
        wanted &= Q(label_rows__key=key[:LABEL_LENGTH_MAX])
        wanted &= Q(label_rows__value=value[:LABEL_LENGTH_MAX]) if value else Q()
    at = "label_rows__created_at" if filters.label else "created_at"
    if filters.since:
        wanted &= Q(**{f"{at}__gte": _time(filters.since)})
    if filters.until:
        wanted &= Q(**{f"{at}__lt": _time(filters.until)})
    return wanted


def _cursor(run: Run) -> str:
    return f"{run.created_at.isoformat()}~{run.pk}"


def _parse_cursor(cursor: str) -> tuple[datetime, UUID]:
    at, _, run_id = cursor.partition("~")
    try:
        return _time(at), UUID(run_id)
    except ValueError as error:
        raise BadFilter("That page does not exist; begin at the first one.") from error


def _parse_text_cursor(cursor: str | None) -> int | None:
    if not cursor:
        return None
    kind, _, place = cursor.partition("~")
    if kind != TEXT_CURSOR or not (place.isdecimal() and place.isascii() and len(place) < 19):
        raise BadFilter("That page does not exist; begin at the first one.")
    return int(place)


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadFilter(f"{text!r} is not an ISO 8601 time.") from error
    if found.tzinfo is None:
        raise BadFilter(f"{text!r} has no time zone; add Z or an offset.")
    return found

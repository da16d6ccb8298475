"""Lists of runs: filters and keyset pages, each an index scan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from runs import textsearch
from runs.errors import RunsError
from runs.machine.states import RunStatus
from runs.models import Run, RunLabel
from runs.searchable import LABEL_LENGTH_MAX

PAGE_ROWS = 50
UNLISTED = ("input", "state", "version__document", "version__resolved")  # large, and not in lists
RUN, TEXT, LABEL = "run", "text", "label"
NUMBER_LENGTH_MAX = 19
LOOKED_AT_MAX = 3_000  # runs with a text or label that one page looks at, where other filters drop most
STEP_MAX = 1_000
FEW_MAX = 500  # runs of a status or workflow: so few are looked at themselves


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
Place = tuple[Any, ...]


def page_of(filters: Filters, cursor: str | None = None, rows: int = PAGE_ROWS) -> Page:
    """One page, newest first, and the cursor of the next one. Raises BadFilter.

    With a text or label and other filters, a page may hold few runs, or none, and have a next one.
    """
    wanted = _wanted(filters)
    if filters.q:
        return _walk(_texts(filters.q), wanted, TEXT, cursor, rows)
    if filters.label:
        few = _few(filters) if filters.status or filters.workflow else None
        if few is None:
            rest = _wanted(replace(filters, label=None))
            return _walk(_labelled(filters), rest, LABEL, cursor, rows)
        wanted &= Q(pk__in=few)
    return _page(wanted, cursor, rows)


def _page(wanted: Q, cursor: str | None, rows: int) -> Page:
    if cursor:
        at, run_id = _read_cursor(RUN, cursor)
        wanted &= Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(pk__lt=run_id))
    found = list(_listed().filter(wanted).order_by("-created_at", "-id")[: rows + 1])
    following = _cursor(RUN, _place_of(found[rows - 1])) if len(found) > rows else None
    return found[:rows], following


def _place_of(run: Run) -> Place:
    return run.created_at, run.pk


# --- runs by their text or label, looked through for those that fit the rest ---

Newest = Callable[[Place | None, int], list[tuple[Place, UUID]]]
"""Places (which fall with age) and runs, newest first, from before a place."""


def _walk(newest: Newest, wanted: Q, kind: str, cursor: str | None, rows: int) -> Page:
    before = _read_cursor(kind, cursor) if cursor else None
    shown: list[Run] = []
    looked_at, step = 0, rows + 1
    while looked_at < LOOKED_AT_MAX:
        places = newest(before, step)
        found = _in_bulk(wanted, [run_id for _, run_id in places])
        for place, run_id in places:
            if run_id in found and len(shown) == rows:
                return shown, _cursor(kind, before or ())
            before = place
            shown += [found[run_id]] if run_id in found else []
        if len(places) < step:
            return shown, None
        looked_at += len(places)
        step = min(4 * step, STEP_MAX)
    return shown, _cursor(kind, before or ())


def _in_bulk(wanted: Q, run_ids: list[UUID]) -> dict[UUID, Run]:
    return {run.pk: run for run in _listed().filter(wanted, pk__in=run_ids).order_by()}


def _texts(text: str) -> Newest:
    def newest(before: Place | None, limit: int) -> list[tuple[Place, UUID]]:
        found = textsearch.newest(text, before[0] if before else None, limit)
        return [((place,), run_id) for place, run_id in found]

    return newest


def _labelled(filters: Filters) -> Newest:
    rows = RunLabel.objects.filter(_label(filters)).order_by("-created_at", "-run_id")
    rows = rows.filter(created_at__gte=_time(filters.since)) if filters.since else rows
    rows = rows.filter(created_at__lt=_time(filters.until)) if filters.until else rows

    def newest(before: Place | None, limit: int) -> list[tuple[Place, UUID]]:
        found = rows
        if before:
            at, run_id = before
            found = rows.filter(Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(run_id__lt=run_id)))
        return [((at, run_id), run_id) for at, run_id in found.values_list("created_at", "run_id")[:limit]]

    return newest


def _few(filters: Filters) -> list[UUID] | None:
    """All runs that fit the rest of a filter with a label, where they are few."""
    runs = Run.objects.filter(_wanted(replace(filters, label=None))).order_by()
    found = list(runs.values_list("pk", flat=True)[: FEW_MAX + 1])
    return found if len(found) <= FEW_MAX else None


def _listed() -> QuerySet[Run]:
    return Run.objects.select_related("version").defer(*UNLISTED)


def _wanted(filters: Filters) -> Q:
    wanted = Q(imported__isnull=False) if filters.imported else Q(trial=filters.trials, imported__isnull=True)
    if filters.status:
        wanted &= Q(status=_status(filters.status))
    if filters.workflow:
        wanted &= Q(workflow_name=filters.workflow)
    if filters.label:
        wanted &= Q(_has_label(filters))
    if filters.since:
        wanted &= Q(created_at__gte=_time(filters.since))
    if filters.until:
        wanted &= Q(created_at__lt=_time(filters.until))
    return wanted


def _label(filters: Filters) -> Q:
    key, value = _key_and_value(filters)
    return Q(key=key, value=value) if value else Q(key=key)


def _has_label(filters: Filters) -> Exists:
    """Looked up by the run: the label's own index would lead to all runs that have it."""
    key, value = _key_and_value(filters)
    rows = RunLabel.objects.alias(plain=Concat("key", Value(""))).filter(plain=key, run=OuterRef("pk"))
    return Exists(rows.filter(value=value) if value else rows)


def _key_and_value(filters: Filters) -> tuple[str, str]:
    key, _, value = (filters.label or "").partition("=")
    return key[:LABEL_LENGTH_MAX], value[:LABEL_LENGTH_MAX]


def _status(name: str) -> RunStatus:
    try:
        return RunStatus(name)
    except ValueError as error:
        raise BadFilter(f"{name!r} is no status of a run; use one of {', '.join(RunStatus)}.") from error


# --- cursors: what kind of place, and where ---


def _cursor(kind: str, place: Place) -> str:
    parts = [part.isoformat() if isinstance(part, datetime) else str(part) for part in place]
    return "~".join([kind, *parts])


def _read_cursor(kind: str, cursor: str) -> Place:
    found, *parts = cursor.split("~")
    try:
        if found == kind == TEXT and len(parts) == 1:
            return (_number(parts[0]),)
        if found == kind and len(parts) == 2:
            return _time(parts[0]), UUID(parts[1])
    except (ValueError, BadFilter):
        pass
    raise BadFilter("That page does not exist; begin at the first one.")


def _number(text: str) -> int:
    if not (text.isdecimal() and text.isascii() and len(text) < NUMBER_LENGTH_MAX):
        raise ValueError(text)
    return int(text)


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadFilter(f"{text!r} is not an ISO 8601 time.") from error
    if found.tzinfo is None:
        raise BadFilter(f"{text!r} has no time zone; add Z or an offset.")
    return found

"""Lists of runs: filters and keyset pages, each an index scan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Concat

from runs.database import database
from runs.errors import RunsError
from runs.machine.states import RunStatus
from runs.models import Run, RunLabel
from runs.searchable import LABEL_LENGTH_MAX
from runs.textsearch import newest_with, rows_of

PAGE_ROWS = 50
UNLISTED = ("input", "state", "version__document", "version__resolved")  # large, and not in lists
RUN, TEXT, LABEL = "run", "text", "label"
NUMBER_LENGTH_MAX = 19
PLAIN = "plain_"
LOOKED_AT_MAX = 5_000  # runs with a text or label that one page looks at, where other filters drop most
STEP_MAX = 2_000
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
    if filters.q:
        return _walk(_texts(filters.q), _wanted(filters, PLAIN), cursor, rows)
    wanted = _wanted(filters)
    if filters.label:
        few = _few(filters) if filters.status or filters.workflow else None
        if few is None:
            rest = _wanted(replace(filters, label=None), PLAIN)
            return _walk(_labelled(filters), rest, cursor, rows)
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

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """Runs with a text or label. `newest`: rows from before a place, newest first, a run's key last in each.

    Rows are as the database gives them, because most are only looked at; `place` reads where one stands.
    """

    kind: str
    newest: Callable[[Place | None, int], list[Row]]
    place: Callable[[Row], Place]


def _walk(order: Order, wanted: Q, cursor: str | None, rows: int) -> Page:
    before = _read_cursor(order.kind, cursor) if cursor else None
    shown: list[Run] = []
    looked_at, step = 0, rows + 1
    while looked_at < LOOKED_AT_MAX:
        found = order.newest(before, step)
        fitting = _fitting(wanted, [row[-1] for row in found])
        for place, row in enumerate(found):
            if row[-1] in fitting and len(shown) == rows:
                return shown, _cursor(order.kind, order.place(found[place - 1]) if place else before or ())
            shown += [fitting[row[-1]]] if row[-1] in fitting else []
        if len(found) < step:
            return shown, None
        before = order.place(found[-1])
        looked_at += len(found)
        step = min(4 * step, STEP_MAX)
    return shown, _cursor(order.kind, before or ())


def _fitting(wanted: Q, keys: list[Any]) -> dict[Any, Run]:
    """Those of the runs that fit, by their key; looked up by it, as no index serves names that are PLAIN."""
    named = RawSQL(*database().many(keys))  # nosec B611
    plain = {f"{PLAIN}{name}": Concat(name, Value("")) for name in ("status", "workflow_name")}
    runs = _listed().alias(**plain).filter(wanted, pk__in=named).order_by()
    key = database().key
    return {key(run.pk): run for run in runs}


def _texts(text: str) -> Order:
    def newest(before: Place | None, limit: int) -> list[Row]:
        return newest_with(text, before[0] if before else None, limit)

    return Order(TEXT, newest, lambda row: row[:1])


def _labelled(filters: Filters) -> Order:
    rows = RunLabel.objects.filter(_label(filters)).order_by("-created_at", "-run_id")
    rows = rows.filter(created_at__gte=_time(filters.since)) if filters.since else rows
    rows = rows.filter(created_at__lt=_time(filters.until)) if filters.until else rows

    def newest(before: Place | None, limit: int) -> list[Row]:
        found = rows
        if before:
            at, run_id = before
            found = rows.filter(Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(run_id__lt=run_id)))
        return rows_of(*found.values_list("created_at", "run_id")[:limit].query.sql_with_params())

    return Order(LABEL, newest, _label_place)


def _label_place(row: Row) -> Place:
    at, key = row
    return at if at.tzinfo else at.replace(tzinfo=UTC), UUID(str(key))


def _few(filters: Filters) -> list[UUID] | None:
    """All runs that fit the rest of a filter with a label, where they are few."""
    runs = Run.objects.filter(_wanted(replace(filters, label=None))).order_by()
    found = list(runs.values_list("pk", flat=True)[: FEW_MAX + 1])
    return found if len(found) <= FEW_MAX else None


def _listed() -> QuerySet[Run]:
    return Run.objects.select_related("version").defer(*UNLISTED)


def _wanted(filters: Filters, prefix: str = "") -> Q:
    wanted = Q(imported__isnull=False) if filters.imported else Q(trial=filters.trials, imported__isnull=True)
    if filters.status:
        wanted &= Q((f"{prefix}status", _status(filters.status)))
    if filters.workflow:
        wanted &= Q((f"{prefix}workflow_name", filters.workflow))
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

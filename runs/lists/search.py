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

from runs.errors import RunsError
from runs.lists.text_search import having, is_checkable, is_indexed, newest_with, rows_of
from runs.machine.states import RunStatus
from runs.models import Run, RunLabel
from runs.store.database import database
from runs.store.search_index import LABEL_LENGTH_MAX

PAGE_ROWS = 50
UNLISTED = ("input", "state", "version__document", "version__resolved")  # large, and not in lists
RUN, TEXT, LABEL = "run", "text", "label"
NUMBER_LENGTH_MAX = 19
PLAIN = "plain_"
LOOKED_AT_MAX = 5_000  # runs with a text or label that one page looks at, where other filters drop most
STEP_MAX = 2_000
PROBED = 250  # runs of each order that are looked at to choose one


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
    def is_narrow(self) -> bool:
        """Whether an index of runs serves what is asked for beside text and label."""
        return bool(self.status or self.workflow or self.since or self.until)

    @property
    def query(self) -> str:
        """As it stands in an address."""
        named = {spec.name: getattr(self, spec.name) for spec in fields(self)}
        shown = {name: "1" if value is True else value for name, value in named.items() if value}
        return urlencode(shown)


Page = tuple[list[Run], str | None]
Place = tuple[Any, ...]
Row = tuple[Any, ...]


def page_of(filters: Filters, cursor: str | None = None, rows: int = PAGE_ROWS) -> Page:
    """One page, newest first, and the cursor of the next one. Raises BadFilter.

    With a text or label and other filters, a page may hold few runs, or none, and have a next one.
    """
    if not (filters.q or filters.label):
        return _page(_wanted(filters), cursor, rows)
    orders = _orders(filters)
    if cursor:
        order = next((order for order in orders if cursor.startswith(f"{order.kind}~")), orders[0])
        return _walk(order, cursor, rows)
    return _first_page(orders, rows)


def _page(wanted: Q, cursor: str | None, rows: int) -> Page:
    found = list(_older(_listed().filter(wanted), cursor)[: rows + 1])
    following = _cursor(RUN, (found[rows - 1].created_at, found[rows - 1].pk)) if len(found) > rows else None
    return found[:rows], following


def _older(runs: QuerySet[Run], cursor: str | None) -> QuerySet[Run]:
    return _before(runs, _read_cursor(RUN, cursor) if cursor else None)


def _before(runs: QuerySet[Run], place: Place | None) -> QuerySet[Run]:
    if place:
        at, run_id = place
        runs = runs.filter(Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(pk__lt=run_id)))
    return runs.order_by("-created_at", "-id")


# --- runs in the order of one index, looked through for those that fit the rest ---


@dataclass(frozen=True, slots=True)
class Order:
    """One way to look through runs. `newest`: rows before a place, newest first; each ends with a run's key.

    Rows are as the database gives them, because most are only looked at; `place` reads where one stands.
    `rest` and `text` are what the order does not see to.
    """

    kind: str
    newest: Callable[[Place | None, int], list[Row]]
    place: Callable[[Row], Place]
    rest: Q
    text: str | None = None


def _orders(filters: Filters) -> list[Order]:
    """All the ways that serve: by the text, by the label, by what else is asked for."""
    is_checked = not filters.q or is_checkable(filters.q)
    found = [_by_text(filters)] if filters.q and (is_indexed(filters.q) or not filters.is_narrow) else []
    if filters.label and is_checked:
        found.append(_by_label(filters))
    if filters.is_narrow and is_checked:
        found.append(_by_run(filters))
    return found or [_by_text(filters)]


def _first_page(orders: list[Order], rows: int) -> Page:
    """By the order in which most of the newest fit, as the others may have to look through very many."""
    if len(orders) == 1:
        return _walk(orders[0], None, rows)
    begun = []
    for order in orders:
        page, following = _walk(order, None, rows, PROBED, PROBED)
        if following is None or len(page) == rows:
            return page, following
        begun.append((order, page, following))
    order, page, following = max(begun, key=lambda one: len(one[1]))
    more, following = _walk(order, following, rows - len(page), 4 * PROBED)
    return page + more, following


def _walk(order: Order, cursor: str | None, rows: int, step: int = 0, most: int = 0) -> Page:
    """`step`: how many are looked at first, then four times as many; `most`: at most about so many in all."""
    before = _read_cursor(order.kind, cursor) if cursor else None
    shown: list[Run] = []
    looked_at, step = 0, step or rows + 1
    while looked_at < (most or LOOKED_AT_MAX):
        found = order.newest(before, step)
        fitting = _fitting(order, [row[-1] for row in found])
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


def _fitting(order: Order, keys: list[Any]) -> dict[Any, Run]:
    """Those of the runs that fit, by their key; looked up by it, as no index serves names that are PLAIN."""
    named = database().many(keys)
    if order.text:
        named = having(order.text, named)
    plain = {f"{PLAIN}{name}": Concat(name, Value("")) for name in ("status", "workflow_name")}
    runs = _listed().alias(**plain).filter(order.rest, pk__in=RawSQL(*named)).order_by()  # nosec B611
    key = database().key
    return {key(run.pk): run for run in runs}


def _by_text(filters: Filters) -> Order:
    text = filters.q or ""

    def newest(before: Place | None, limit: int) -> list[Row]:
        return newest_with(text, before[0] if before else None, limit)

    return Order(TEXT, newest, lambda row: row[:1], _wanted(filters, PLAIN))


def _by_label(filters: Filters) -> Order:
    rows = RunLabel.objects.filter(_label(filters)).order_by("-created_at", "-run_id")
    rows = rows.filter(created_at__gte=_time(filters.since)) if filters.since else rows
    rows = rows.filter(created_at__lt=_time(filters.until)) if filters.until else rows

    def newest(before: Place | None, limit: int) -> list[Row]:
        found = rows
        if before:
            at, run_id = before
            found = rows.filter(Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(run_id__lt=run_id)))
        return _raw(found.values_list("created_at", "run_id")[:limit])

    return Order(LABEL, newest, _place, _wanted(replace(filters, label=None), PLAIN), filters.q)


def _by_run(filters: Filters) -> Order:
    runs = Run.objects.filter(_wanted(replace(filters, label=None)))

    def newest(before: Place | None, limit: int) -> list[Row]:
        return _raw(_before(runs, before).values_list("created_at", "pk")[:limit])

    rest = Q(_has_label(filters)) if filters.label else Q()
    return Order(RUN, newest, _place, rest, filters.q)


def _raw(rows: QuerySet[Any, Any]) -> list[Row]:
    return rows_of(*rows.query.sql_with_params())


def _place(row: Row) -> Place:
    at, key = row
    return at if at.tzinfo else at.replace(tzinfo=UTC), UUID(str(key))


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

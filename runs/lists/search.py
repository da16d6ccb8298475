"""Lists of runs: filters and keyset pages, each read from an index.

Theory of operation. Filters on columns of runs have an index each, and a page is one range of it. A text and
a label live in tables of their own, and no index combines them with the other filters. For these, a page is
read by an `Order`: candidates come from one index in batches, newest first, and the runs that do not fit the
remaining filters are dropped. A page looks at LOOKED_AT_MAX candidates at most; it may therefore be short, or
empty, and still have a cursor.

Which index serves best depends on the data: a frequent label and a rare text, or the reverse. The first page
probes all orders for a few candidates and takes the one in which most fit. The cursor names the order, so
that later pages follow the same index.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Concat

from config.lib.times import in_utc
from runs.errors import RunsError
from runs.lists.text_search import having, is_indexed, newest_with, rows_of
from runs.machine.limits import LABEL_LENGTH_MAX
from runs.machine.states import RunStatus
from runs.models import IS_LISTED, Run, RunLabel
from runs.store.database import database

PAGE_ROWS = 50
UNLISTED = ("input", "state", "version__document", "version__resolved")  # large, and not in lists
RUN, TEXT, LABEL = "run", "text", "label"
NUMBER = re.compile(r"[0-9]{1,18}")  # of a row, within 64 bits
PLAIN = "plain_"  # prefix of copies of columns; a condition on a copy is served by no index
LOOKED_AT_MAX = 5_000  # candidates of one page, if other filters drop most of them
BATCH_MAX = 2_000
PROBED = 250  # candidates of each order that the first page looks at to choose one


class BadFilter(RunsError):
    """The filter cannot be understood."""

    code = "bad_filter"


class TimeOutOfRange(BadFilter):
    """The time lies outside all calendars."""

    status = 422
    code = "time_out_of_range"


@dataclass(frozen=True, slots=True)
class Filters:
    """`label` is `key` or `key=value`; `q` is text in the input; `since` and `until` are ISO 8601 times.

    Trials and imported runs are left out, unless `trials` or `imported` selects them instead of the others.
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
        """Whether an index of runs serves the filters beside text and label."""
        return bool(self.status or self.workflow or self.since or self.until)

    @property
    def query(self) -> str:
        """The filters as a query string."""
        values = {spec.name: getattr(self, spec.name) for spec in fields(self)}
        return urlencode({name: "1" if value is True else value for name, value in values.items() if value})


Page = tuple[list[Run], str | None]
Place = tuple[Any, ...]
Row = tuple[Any, ...]


def page_of(filters: Filters, cursor: str | None = None, rows: int = PAGE_ROWS) -> Page:
    """One page, newest first, and the cursor of the next one, or None. Raises BadFilter.

    With a text or label and other filters, a page may have few runs, or none, and still a next one.
    """
    if not (filters.q or filters.label):
        place = _read_cursor(RUN, cursor) if cursor else None
        runs = list(_before(_listed().filter(_condition(filters)), place)[: rows + 1])
        last = runs[rows - 1] if len(runs) > rows else None
        return runs[:rows], _cursor(RUN, (last.created_at, last.pk)) if last else None
    orders = _orders(filters)
    if cursor:
        order = next((order for order in orders if cursor.startswith(f"{order.kind}~")), orders[0])
        return _walk(order, cursor, rows)
    return _first_page(orders, rows)


def _before(runs: QuerySet[Run], place: Place | None) -> QuerySet[Run]:
    if place:
        at, run_id = place
        # The first condition bounds the range of the index; planners do not derive it from the other one.
        runs = runs.filter(Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(pk__lt=run_id)))
    return runs.order_by("-created_at", "-id")


# --- runs in the order of one index, looked through for those that fit the rest ---


@dataclass(frozen=True, slots=True)
class Order:
    """An index to read candidates from. `newest`: rows before a place, newest first; each ends with a key.

    Rows are raw, because most candidates are dropped; `place` converts a row into a place of a cursor. `rest`
    and `text` are the filters that the index does not serve.
    """

    kind: str
    newest: Callable[[Place | None, int], list[Row]]
    place: Callable[[Row], Place]
    rest: Q
    text: str | None = None


def _orders(filters: Filters) -> list[Order]:
    """All orders that serve the filters: by text, by label, by the columns of runs."""
    orders = [_by_text(filters)] if filters.q and (is_indexed(filters.q) or not filters.is_narrow) else []
    if filters.label:
        orders.append(_by_label(filters))
    if filters.is_narrow:
        orders.append(_by_run(filters))
    return orders


def _first_page(orders: list[Order], rows: int) -> Page:
    """Reads by the order in which most of the probed candidates fit; the others would drop very many."""
    if len(orders) == 1:
        return _walk(orders[0], None, rows)
    probes = []
    for order in orders:
        page, following = _walk(order, None, rows, PROBED, PROBED)
        if following is None or len(page) == rows:
            return page, following
        probes.append((order, page, following))
    order, page, following = max(probes, key=lambda probe: len(probe[1]))
    more, following = _walk(order, following, rows - len(page), 4 * PROBED)
    return page + more, following


def _walk(order: Order, cursor: str | None, rows: int, batch: int = 0, most: int = 0) -> Page:
    """Reads a page by one order. `batch`: candidates of the first query, each further one takes four times as
    many; `most`: about how many candidates in all.
    """
    before = _read_cursor(order.kind, cursor) if cursor else None
    runs: list[Run] = []
    looked_at, batch = 0, batch or rows + 1
    while looked_at < (most or LOOKED_AT_MAX):
        candidates = order.newest(before, batch)
        fitting = _fitting(order, [row[-1] for row in candidates])
        for index, row in enumerate(candidates):
            if row[-1] in fitting and len(runs) == rows:
                last = order.place(candidates[index - 1]) if index else before or ()
                return runs, _cursor(order.kind, last)
            runs += [fitting[row[-1]]] if row[-1] in fitting else []
        if len(candidates) < batch:
            return runs, None
        before = order.place(candidates[-1])
        looked_at += len(candidates)
        batch = min(4 * batch, BATCH_MAX)
    return runs, _cursor(order.kind, before or ())


def _fitting(order: Order, keys: list[Any]) -> dict[Any, Run]:
    """The fitting runs among the keys, by key. PLAIN names leave the database only the keys to look up."""
    query = database().many(keys)
    if order.text:
        query = having(order.text, query)
    plain = {f"{PLAIN}{name}": Concat(name, Value("")) for name in ("status", "workflow_name")}
    runs = _listed().alias(**plain).filter(order.rest, pk__in=RawSQL(*query)).order_by()  # nosec B611
    key = database().key
    return {key(run.pk): run for run in runs}


def _by_text(filters: Filters) -> Order:
    text = filters.q or ""

    def newest(before: Place | None, limit: int) -> list[Row]:
        return newest_with(text, before[0] if before else None, limit)

    return Order(TEXT, newest, lambda row: row[:1], _condition(filters, PLAIN))


def _by_label(filters: Filters) -> Order:
    key, value = _key_and_value(filters)
    rows = RunLabel.objects.filter(key=key).order_by("-created_at", "-run_id")
    rows = rows.filter(value=value) if value else rows
    rows = rows.filter(created_at__gte=_time(filters.since)) if filters.since else rows
    rows = rows.filter(created_at__lt=_time(filters.until)) if filters.until else rows

    def newest(before: Place | None, limit: int) -> list[Row]:
        older = rows
        if before:
            at, run_id = before
            older = rows.filter(Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(run_id__lt=run_id)))
        return _raw(older.values_list("created_at", "run_id")[:limit])

    return Order(LABEL, newest, _place, _condition(replace(filters, label=None), PLAIN), filters.q)


def _by_run(filters: Filters) -> Order:
    runs = Run.objects.filter(_condition(replace(filters, label=None)))

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


def _condition(filters: Filters, prefix: str = "") -> Q:
    condition = IS_LISTED & (
        Q(imported__isnull=False) if filters.imported else Q(trial=filters.trials, imported__isnull=True)
    )
    if filters.status:
        if filters.status not in list(RunStatus):
            raise BadFilter(f"{filters.status!r} is no status of a run; use one of {', '.join(RunStatus)}.")
        condition &= Q((f"{prefix}status", filters.status))
    if filters.workflow:
        condition &= Q((f"{prefix}workflow_name", filters.workflow))
    if filters.label:
        condition &= Q(_has_label(filters))
    if filters.since:
        condition &= Q(created_at__gte=_time(filters.since))
    if filters.until:
        condition &= Q(created_at__lt=_time(filters.until))
    return condition


def _has_label(filters: Filters) -> Exists:
    """Whether a run has the label, looked up by the run; the label's index would lead to all its runs."""
    key, value = _key_and_value(filters)
    rows = RunLabel.objects.alias(plain=Concat("key", Value(""))).filter(plain=key, run=OuterRef("pk"))
    return Exists(rows.filter(value=value) if value else rows)


def _key_and_value(filters: Filters) -> tuple[str, str]:
    key, _, value = (filters.label or "").partition("=")
    return key[:LABEL_LENGTH_MAX], value[:LABEL_LENGTH_MAX]


# --- cursors: the kind of an order, and the place of the last row in it ---


def _cursor(kind: str, place: Place) -> str:
    parts = [part.isoformat() if isinstance(part, datetime) else str(part) for part in place]
    return "~".join([kind, *parts])


def _read_cursor(kind: str, cursor: str) -> Place:
    cursor_kind, *parts = cursor.split("~")
    try:
        if cursor_kind == kind == TEXT and len(parts) == 1 and NUMBER.fullmatch(parts[0]):
            return (int(parts[0]),)
        if cursor_kind == kind and len(parts) == 2:
            return _time(parts[0]), UUID(parts[1])
    except (ValueError, BadFilter):
        pass
    raise BadFilter("That page does not exist; begin at the first one.")


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadFilter(f"{text!r} is not an ISO 8601 time.") from error
    if time.tzinfo is None:
        raise BadFilter(f"{text!r} has no time zone; add Z or an offset.")
    try:
        return in_utc(time)
    except ValueError as error:
        raise TimeOutOfRange(f"{text!r} cannot be searched for: {error}.") from error

"""Lists of runs: keyset pages, each read from an index.

Theory of operation. Filters on columns of runs have an index each, and a page is one range of it. A text, a
label and a step live in tables of their own, an error within its JSON, and no index combines them with the
other filters, nor the order of ends with any. For these, a page is read by an `Order`: candidates come from
one index in batches, and the runs that do not fit the remaining filters are dropped. A page looks at
LOOKED_AT_MAX candidates at most; it may therefore be short, or empty, and still have a cursor.

Which index serves best depends on the data: a frequent label and a rare text, or the reverse. The first page
probes all orders for a few candidates and takes the one in which most fit. The cursor names the order, so
that later pages follow the same index.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from runs.lists.filters import (
    ALIASES,
    PLAIN,
    BadFilter,
    Filters,
    check_sort,
    condition,
    id_part,
    is_seen,
    key_and_value,
    rest_of,
    time_of,
)
from runs.lists.text_search import having, is_indexed, newest_with, rows_of
from runs.models import ID_END, IS_LISTED, Run, RunLabel
from runs.store.database import database

PAGE_ROWS, PAGE_ROWS_MAX = 50, 200
UNLISTED = ("input", "state", "version__document", "version__resolved")  # large, and not in lists
RUN, TEXT, LABEL, ERROR, OLDEST, ENDED = "run", "text", "label", "error", "oldest", "ended"
NUMBER = re.compile(r"[0-9]{1,18}")  # of a row, within 64 bits
LOOKED_AT_MAX = 5_000  # candidates of one page, if other filters drop most of them
BATCH_MAX = 2_000
PROBED = 250  # candidates of each order that the first page looks at to choose one


Page = tuple[list[Run], str | None]
Place = tuple[Any, ...]
Row = tuple[Any, ...]


def page_of(filters: Filters, cursor: str | None = None, rows: int = PAGE_ROWS) -> Page:
    """One page and the cursor of the next one, or None. Raises BadFilter.

    With filters that are looked up for each run, a page may have few runs, or none, and still a next one.
    """
    check_sort(filters.sort)
    if filters.run:
        return _with_id(filters, rows), None
    is_oldest = filters.sort == OLDEST
    if not filters.is_looked_up:
        kind = filters.sort or RUN
        place = _read_cursor(kind, cursor) if cursor else None
        runs = list(_from(_listed().filter(condition(filters)), place, is_oldest)[: rows + 1])
        last = runs[rows - 1] if len(runs) > rows else None
        return runs[:rows], _cursor(kind, (last.created_at, last.pk)) if last else None
    orders = _orders(filters)
    if cursor:
        order = next((order for order in orders if cursor.startswith(f"{order.kind}~")), orders[0])
        return _walk(order, cursor, rows)
    return _first_page(orders, rows)


def _with_id(filters: Filters, rows: int) -> list[Run]:
    """The runs with this id, or whose id ends so, whatever the other filters say, trials too."""
    digits = id_part(filters.run or "")
    listed = _listed().filter(IS_LISTED & is_seen(filters))
    if len(digits) == len(UUID(int=0).hex):
        found = listed.filter(pk=UUID(digits))
    else:
        sql = f"SELECT id FROM runs_run WHERE {database().id_end} = %s"  # noqa: S608  # nosec B608
        found = listed.filter(pk__in=RawSQL(sql, [digits[-ID_END:]]))  # nosec B611
    runs = [run for run in found.order_by() if run.pk.hex.endswith(digits)]
    return sorted(runs, key=lambda run: (run.created_at, run.pk), reverse=True)[:rows]


def _from(runs: QuerySet[Run], place: Place | None, is_oldest: bool = False) -> QuerySet[Run]:
    """Runs behind a place, by creation. The first condition bounds the range of the index; planners do not
    derive it from the other one.
    """
    if place and is_oldest:
        at, run_id = place
        runs = runs.filter(Q(created_at__gte=at) & (Q(created_at__gt=at) | Q(pk__gt=run_id)))
    elif place:
        at, run_id = place
        runs = runs.filter(Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(pk__lt=run_id)))
    return runs.order_by("created_at", "id") if is_oldest else runs.order_by("-created_at", "-id")


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
    """All orders that serve the filters: by text, by label, by errors, by the columns of runs."""
    if filters.sort == ENDED:
        return [_by_end(filters)]
    if filters.sort == OLDEST:
        return [_by_run(filters)]
    orders = [_by_text(filters)] if filters.q and (is_indexed(filters.q) or not filters.is_narrow) else []
    if filters.label:
        orders.append(_by_label(filters))
    if filters.error:
        orders.append(_by_error(filters))
    if filters.is_narrow or not orders:
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
    runs = _listed().alias(**ALIASES).filter(order.rest, pk__in=RawSQL(*query)).order_by()  # nosec B611
    key = database().key
    return {key(run.pk): run for run in runs}


def _by_text(filters: Filters) -> Order:
    text = filters.q or ""

    def newest(before: Place | None, limit: int) -> list[Row]:
        return newest_with(text, before[0] if before else None, limit)

    return Order(TEXT, newest, lambda row: row[:1], condition(filters, PLAIN))


def _by_label(filters: Filters) -> Order:
    key, value = key_and_value(filters)
    rows = RunLabel.objects.filter(key=key).order_by("-created_at", "-run_id")
    rows = rows.filter(value=value) if value else rows
    rows = rows.filter(created_at__gte=time_of(filters.since)) if filters.since else rows
    rows = rows.filter(created_at__lt=time_of(filters.until)) if filters.until else rows

    def newest(before: Place | None, limit: int) -> list[Row]:
        older = rows
        if before:
            at, run_id = before
            older = rows.filter(Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(run_id__lt=run_id)))
        return _raw(older.values_list("created_at", "run_id")[:limit])

    return Order(LABEL, newest, _place, condition(replace(filters, label=None), PLAIN), filters.q)


def _by_run(filters: Filters) -> Order:
    runs = Run.objects.filter(condition(filters.served))
    is_oldest = filters.sort == OLDEST

    def newest(before: Place | None, limit: int) -> list[Row]:
        return _raw(_from(runs, before, is_oldest).values_list("created_at", "pk")[:limit])

    return Order(filters.sort or RUN, newest, _place, rest_of(filters), filters.q)


def _by_error(filters: Filters) -> Order:
    failed = Run.objects.filter(IS_LISTED, error__isnull=False)

    def newest(before: Place | None, limit: int) -> list[Row]:
        return _raw(_from(failed, before).values_list("created_at", "pk")[:limit])

    return Order(ERROR, newest, _place, condition(filters, PLAIN), filters.q)


def _by_end(filters: Filters) -> Order:
    ended = Run.objects.filter(IS_LISTED, finished_at__isnull=False).order_by("-finished_at", "-id")

    def newest(before: Place | None, limit: int) -> list[Row]:
        older = ended
        if before:
            at, run_id = before
            older = ended.filter(Q(finished_at__lte=at) & (Q(finished_at__lt=at) | Q(pk__lt=run_id)))
        return _raw(older.values_list("finished_at", "pk")[:limit])

    return Order(ENDED, newest, _place, condition(filters, PLAIN), filters.q)


def _raw(rows: QuerySet[Any, Any]) -> list[Row]:
    return rows_of(*rows.query.sql_with_params())


def _place(row: Row) -> Place:
    at, key = row
    return at if at.tzinfo else at.replace(tzinfo=UTC), UUID(str(key))


def _listed() -> QuerySet[Run]:
    return Run.objects.select_related("version").defer(*UNLISTED)


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
            return time_of(parts[0]), UUID(parts[1])
    except (ValueError, BadFilter):
        pass
    raise BadFilter("That page does not exist; begin at the first one.")

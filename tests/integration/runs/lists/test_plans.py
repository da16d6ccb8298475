"""Every list, filter, search and number of the first page is read by an index, on each database.

SQLite tells its plan. PostgreSQL would read a small table as a whole, so it is told to do that, and to sort,
only where there is no other way: what it still has to sort or scan then, no index serves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from runs.lists.filters import Filters
from runs.lists.search import page_of
from runs.live import frames
from runs.models import CaseAct, FleetSample, HourFigures, Intervention, Run
from runs.statistics import charts, dashboard
from tests.integration.runs.conftest import RunHere
from workers.library.demo.generator import Exemplar, Plan, make

COUNT = 1_500
LARGE = ("runs_run", "runs_runlabel", "runs_runtext", "runs_journalentry", "runs_steprun")
GROWING = (*LARGE, "runs_intervention", "runs_hourfigures", "runs_fleetsample")
NARROW = ("status", "workflow_name")
SMALL_INDEXES = ("run_trial_newest", "run_imported_newest")
NAMED_MIN = 20  # values of an IN: those rows were chosen before, and are few

Statement = tuple[str, Any]


@pytest.fixture
def many(undone: Run, stuck: Run, waiting: Run, run_here: RunHere, order: Any) -> None:
    """Runs of all sorts, and the databases' own statistics of them."""
    done = run_here(order)
    exemplars = {"completed": done, "compensated": undone, "blocked": stuck, "waiting": waiting}
    exemplars |= {"failed": undone, "cancelled": undone, "running": waiting}
    found = {status: Exemplar.of(run.pk) for status, run in exemplars.items()}
    for _ in make(Plan(found, [done.version], COUNT, 30, 50)):
        pass
    newest = list(Run.objects.values_list("pk", flat=True)[:40])
    Run.objects.filter(pk__in=newest[:20]).update(trial=True)
    Run.objects.filter(pk__in=newest[20:]).update(imported={"by": "ada"})
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@contextmanager
def recorded() -> Iterator[list[Statement]]:
    """The SELECTs that are executed meanwhile."""
    found: list[Statement] = []

    def record(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT"):
            found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(record):
        yield found


def faults(statements: list[Statement], tables: tuple[str, ...]) -> list[str]:
    """What a plan does without an index."""
    plan_faults = _sqlite_faults if connection.vendor == "sqlite" else _postgresql_faults
    return [
        f"{fault}: {sql[:2_000]} {str(params)[:200]}"
        for sql, params in statements
        if any(f'"{table}"' in sql or f" {table}" in sql for table in tables)
        for fault in plan_faults(sql, params, tables)
    ]


def _sqlite_faults(sql: str, params: Any, tables: tuple[str, ...]) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        steps = [row[3] for row in cursor.fetchall()]
    for step in steps:
        words = step.split()
        is_walk = "INDEX" in words or _is_by_number(sql, words[1])
        if words[0] == "SCAN" and words[1] in tables and (not is_walk or _skims(sql, words)):
            yield step
        if "TEMP B-TREE" in step and not _is_of_named(sql):
            yield step


def _is_by_number(sql: str, table: str) -> bool:
    """Walks a table in the order in which it is stored, until there are enough."""
    return re.search(rf'ORDER BY "{table}"."id" (DESC|ASC) LIMIT', sql) is not None and " WHERE " not in sql


def _skims(sql: str, words: list[str]) -> bool:
    """Walks through all runs for those of a status or workflow, of which there may be few."""
    where = sql.partition(" WHERE ")[2]
    is_narrow = any(f'"runs_run"."{name}" {how}' in where for name in NARROW for how in ("=", "IN"))
    return is_narrow and words[1] == "runs_run" and words[-1] not in SMALL_INDEXES


def _postgresql_faults(sql: str, params: Any, tables: tuple[str, ...]) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off; SET enable_sort = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        (plan,) = cursor.fetchone()
        cursor.execute("RESET enable_seqscan; RESET enable_sort")
    found = json.loads(plan) if isinstance(plan, str) else plan
    for node in _nodes(found[0]["Plan"]):
        if node["Node Type"] == "Seq Scan" and node.get("Relation Name") in tables:
            yield f"Seq Scan {node['Relation Name']}"
        if node["Node Type"] == "Sort" and not _is_of_named(sql) and "ILIKE" not in sql:
            yield "Sort"


def _nodes(plan: Any) -> Iterator[Any]:
    yield plan
    for part in plan.get("Plans", []):
        yield from _nodes(part)


def _is_of_named(sql: str) -> bool:
    """Sorts rows that were named one by one, or nothing but a page of them."""
    return sql.count("%s") > NAMED_MIN or '"runs_run"."id" = %s' in sql


def every_filter() -> Iterator[Filters]:
    now = timezone.now()
    since, until = (now - timedelta(days=20)).isoformat(), (now - timedelta(days=1)).isoformat()
    for status, workflow, label, text, times, kind in product(
        (None, "failed"),
        (None, "order"),
        (None, "shop", "shop=north"),
        (None, "MUG-002", "mu"),
        ((None, None), (since, None), (since, until)),
        ("", "trials", "imported"),
    ):
        yield Filters(
            status, workflow, label, text, *times, trials=kind == "trials", imported=kind == "imported"
        )


def every_way_to_find_and_sort() -> Iterator[Filters]:
    run = Run.objects.latest("created_at").pk
    since = (timezone.now() - timedelta(days=20)).isoformat()
    ways: list[dict[str, Any]] = [
        {"error": "gateway"},
        {"step": "charge"},
        {"step": "charge=failed"},
        {"top": True},
        {"parent": str(run)},
        {"run": str(run)},
        {"run": run.hex[-10:]},
        {"error": "gateway", "step": "charge", "q": "MUG-002", "label": "shop"},
        {},
    ]
    narrow = product((None, "failed"), (None, "order"), (None, since), ways, ("", "oldest", "ended"))
    for status, workflow, created, way, sort in narrow:
        yield Filters(status, workflow, since=created, sort=sort, **way)


def test_every_filter_of_the_list_is_read_by_an_index(many: None) -> None:
    all_filters = [*every_filter(), *every_way_to_find_and_sort()]
    with recorded() as statements:
        for filters in all_filters:
            found, cursor = page_of(filters, None, 5)
            if cursor:
                page_of(filters, cursor, 5)
    distinct = {sql: (sql, params) for sql, params in statements if sql.count("%s") < 400}
    assert len(distinct) > 100
    assert faults(list(distinct.values()), LARGE) == []


def test_the_first_page_is_read_by_indexes(many: None, viewer: Client) -> None:
    now = timezone.now()
    HourFigures.objects.bulk_create(
        HourFigures(hour=now - timedelta(days=40, hours=number), status="completed") for number in range(500)
    )
    FleetSample.objects.bulk_create(
        FleetSample(at=now - timedelta(minutes=number), queued=0, processes=1) for number in range(500)
    )
    with recorded() as statements:
        assert viewer.get(reverse("home")).status_code == 200
        assert viewer.get(reverse("run-list")).status_code == 200
        dashboard.overview(AnonymousUser())
        for chart in (charts.runs_by_hour, charts.durations_by_hour, charts.queue_depth):
            chart(24)
        frames.live_seqs()
        frames.open_interventions()
        frames.inbox_now()
    assert len(statements) > 15
    assert faults(statements, GROWING) == []


INTERVENTIONS = "/admin/runs/intervention/"
ADMIN_RUNS, ADMIN_STEPS, ADMIN_JOURNAL = (
    f"/admin/runs/{name}/" for name in ("run", "steprun", "journalentry")
)


def test_lists_of_interventions_and_of_acts_are_read_by_indexes(many: None, operator: Client) -> None:
    run = Run.objects.filter(status="blocked").latest("created_at")
    pages = [
        f"{INTERVENTIONS}?state={state}"
        for state in ("open", "mine", "unclaimed", "overdue", "answered", "all")
    ]
    pages += [f"{INTERVENTIONS}?run__id__exact={run.pk}"]
    pages += [f"/api/v1/interventions?status={status}" for status in ("open", "answered")]
    with recorded() as statements:
        for page in pages:
            assert operator.get(page).status_code == 200
    assert len(statements) > 3 * len(pages)
    assert faults(statements, GROWING) == []


def test_acts_are_read_by_indexes(many: None, operator: Client) -> None:
    intervention = Intervention.objects.filter(status="open")[0]
    now = timezone.now()
    acts = (
        CaseAct(case=intervention, at=now - timedelta(hours=number), act="noted") for number in range(1_000)
    )
    CaseAct.objects.bulk_create(acts)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with recorded() as statements:
        assert operator.get(f"{INTERVENTIONS}audit/").status_code == 200
    assert faults(statements, (*GROWING, "runs_caseact")) == []


def test_lists_of_the_admin_are_read_by_indexes(many: None, operator: Client) -> None:
    run = Run.objects.filter(status="blocked").latest("created_at")
    pages = [f"{ADMIN_RUNS}{query}" for query in ("", "?status__exact=failed", "?trial__exact=1", "?p=3")]
    pages += [f"{ADMIN_RUNS}?{urlencode({'created_at__gte': run.created_at})}"]
    pages += [f"{ADMIN_RUNS}?q={text}" for text in (run.pk, "order", "nothing", "order+key")]
    for rows in (ADMIN_STEPS, ADMIN_JOURNAL):
        pages += [f"{rows}{query}" for query in ("", "?p=2", f"?run__id__exact={run.pk}", f"?q={run.pk}")]
    with recorded() as statements:
        for page in pages:
            assert operator.get(page).status_code == 200
    assert len(statements) > 3 * len(pages)
    assert faults(statements, GROWING) == []


def test_a_plan_without_an_index_is_found(many: None) -> None:
    with recorded() as statements:
        list(Run.objects.filter(done=3).order_by("total")[:5])
    assert faults(statements, LARGE)

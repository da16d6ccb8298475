"""Which pages are asked for with very many runs in the database: lists, filters, searches, home and figures.

Django must be set up, with the runs of `manage.py make_runs` in the database. `list_pages FOLDER RESULT WORD`
starts Valkey and daphne, and nothing else of the product.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection

from runs.lists.search import PAGE_ROWS
from runs.models import Run, RunLabel, RunText
from tests.bench.pages.page_times import COLUMNS, PageTime, Reader, line
from tests.bench.stage import redis_server
from tests.bench.workloads.sockets import cookie, web

RARE = 1_000  # so many runs are newer than the one whose text is looked for
DAYS_AGO = 45
Query = dict[str, str]
RARE_ONES = {"status": "cancelled", "workflow": "made_sample"}


def main(folder: Path, result: Path, word: str) -> None:
    print(f"{Run.objects.count():,} runs, {size_mb():,.0f} MB", flush=True)
    print(line(COLUMNS), flush=True)
    with redis_server(), web(folder) as daphne:
        reader = Reader(daphne.port, daphne.pid, database_process(), cookie())
        times = [told(reader.timed(name, path)) for name, path in pages() if word in name]
    result.write_bytes(orjson.dumps([asdict(one) for one in times]))


def told(found: PageTime) -> PageTime:
    print(line(found.cells), flush=True)
    return found


def pages() -> Iterator[tuple[str, str]]:
    """What is asked for, by what a person would call it."""
    yield "home", "/"
    yield "home: charts of 7 days", "/?hours=168"
    for chart in ("runs", "durations", "queue"):
        yield f"home: chart of {chart}", f"/api/v1/figures/{chart}?hours=168"
    for name, filters in filtered().items():
        yield f"runs: {name}", f"/runs/?{urlencode(filters)}"
    for name, filters in filtered().items():
        known = {key: value for key, value in filters.items() if key != "kind"}
        kind = {filters["kind"]: "true"} if "kind" in filters else {}
        yield f"API runs: {name}", f"/api/v1/runs?{urlencode({**known, **kind})}"
    yield from of_workflows()
    yield from of_interventions()
    yield from of_admin()
    yield from of_operation()


def filtered() -> dict[str, Query]:
    newest = Run.objects.latest("created_at")
    middle = newest.created_at - timedelta(days=DAYS_AGO)
    rare = RunText.objects.order_by("-id")[RARE].text.partition('"order":"')[2][:10]
    return {
        "all": {},
        "completed": {"status": "completed"},
        "failed": {"status": "failed"},
        "blocked": {"status": "blocked"},
        "running": {"status": "running"},
        "of a workflow": {"workflow": "made_order"},
        "failed of a rare workflow": {"workflow": "made_preorder", "status": "failed"},
        "label shop=north": {"label": "shop=north"},
        "label tier": {"label": "tier"},
        "label and status": {"label": "shop=north", "status": "failed"},
        "label and a rare status": {"label": "shop=north", "status": "blocked"},
        "label and a rare workflow": {"label": "shop=north", "workflow": "made_preorder"},
        "label, status and workflow": {**RARE_ONES, "label": "tier=plus"},
        "label that is none": {"label": "shop=nowhere"},
        "text of many": {"q": "MUG-002"},
        "text of one": {"q": rare},
        "text of none": {"q": "no such text"},
        "text of two letters": {"q": "mu"},
        "text and status": {"q": "ada", "status": "failed"},
        "text, status and workflow": {"q": "ada", "status": "failed", "workflow": "made_gift"},
        "text and label": {"q": "grace", "label": "shop=north"},
        "of a day, 45 days ago": day(middle),
        "failed of that day": {**day(middle), "status": "failed"},
        "label of that day": {**day(middle), "label": "shop=north"},
        "text of that day": {**day(middle), "q": "ada"},
        "by the end of an id": {"run": newest.pk.hex[-8:]},
        "error of many": {"error": "simulated"},
        "error of none": {"error": "no such text"},
        "error, status and workflow": {"error": "simulated", "status": "failed", "workflow": "made_gift"},
        "with a step": {"step": "charge_payment"},
        "with a step that is none": {"step": "nothing"},
        "with child runs": {"inner": "1"},
        "oldest first": {"sort": "oldest"},
        "last ended first": {"sort": "ended"},
        "last ended first, failed": {"sort": "ended", "status": "failed"},
        "trials (none)": {"kind": "trials"},
        "imported (none)": {"kind": "imported"},
        **deep(),
    }


def deep() -> dict[str, Query]:
    """The last page of lists, by the place before it."""
    oldest = Run.objects.order_by("created_at", "id")
    run, failed = oldest[PAGE_ROWS], oldest.filter(status="failed")[PAGE_ROWS]
    labels = RunLabel.objects.filter(key="shop", value="north").order_by("created_at", "run_id")
    label = labels[PAGE_ROWS]
    text = RunText.objects.order_by("id")[10 * PAGE_ROWS]
    return {
        "last page": {"cursor": place("run", run.created_at, run.pk)},
        "last page of failed": {
            "status": "failed",
            "cursor": place("run", failed.created_at, failed.pk),
        },
        "last page of a label": {
            "label": "shop=north",
            "cursor": place("label", label.created_at, label.run_id),
        },
        "last page of a text": {"q": "MUG-002", "cursor": f"text~{text.pk}"},
    }


def place(kind: str, at: datetime, run_id: UUID) -> str:
    return f"{kind}~{at.isoformat()}~{run_id}"


def day(at: datetime) -> Query:
    return {"since": at.isoformat(), "until": (at + timedelta(days=1)).isoformat()}


def of_workflows() -> Iterator[tuple[str, str]]:
    yield "workflows with their latest runs", "/workflows/"
    yield "a workflow, with statistics", "/workflows/made_order/"
    yield "workflows: search", "/workflows/?q=made"
    yield "API workflows", "/api/v1/workflows"
    yield "API statistics of a version", "/api/v1/workflows/made_order/versions/1/figures"
    run = Run.objects.filter(status="blocked").latest("created_at")
    yield "a run", f"/runs/{run.pk}/"
    yield "API run", f"/api/v1/runs/{run.pk}"
    yield "API journal of a run", f"/api/v1/runs/{run.pk}/events"


def of_interventions() -> Iterator[tuple[str, str]]:
    base = "/admin/runs/intervention/"
    yield "interventions", base
    for state in ("mine", "unclaimed", "overdue", "answered", "all"):
        yield f"interventions: {state}", f"{base}?state={state}"
    yield "interventions: answered, page 50", f"{base}?state=answered&page=50"
    yield "interventions: of a workflow", f"{base}?workflow=made_order"
    yield "interventions: answered of a workflow", f"{base}?state=answered&workflow=made_preorder"
    yield "interventions: text", f"{base}?q=refund"
    yield "interventions: answered with text", f"{base}?state=answered&q=nothing+like+it"
    yield "interventions by cause", f"{base}causes/"
    yield "audit", f"{base}audit/"
    yield "API interventions", "/api/v1/interventions"
    yield "API interventions: answered", "/api/v1/interventions?status=answered"
    yield "API interventions: of a workflow", "/api/v1/interventions?workflow=made_order"


def of_admin() -> Iterator[tuple[str, str]]:
    run = Run.objects.filter(status="blocked").latest("created_at")
    yield "admin", "/admin/"
    yield "admin runs", "/admin/runs/run/"
    yield "admin runs: failed", "/admin/runs/run/?status__exact=failed"
    yield "admin runs: trials", "/admin/runs/run/?trial__exact=1"
    yield "admin runs: of a day", f"/admin/runs/run/?{urlencode({'created_at__gte': run.created_at})}"
    yield "admin runs: search for an id", f"/admin/runs/run/?q={run.pk}"
    yield "admin runs: search for a workflow", "/admin/runs/run/?q=made_gift"
    yield "admin runs: search for nothing", "/admin/runs/run/?q=nothing"
    yield "admin runs: search for a key", "/admin/runs/run/?q=made_order+some-key"
    yield "admin runs: page 40", "/admin/runs/run/?p=40"
    for model in ("steprun", "journalentry"):
        yield f"admin {model}", f"/admin/runs/{model}/"
        yield f"admin {model}: of a run", f"/admin/runs/{model}/?run__id__exact={run.pk}"
        yield f"admin {model}: search for a run", f"/admin/runs/{model}/?q={run.pk}"
        yield f"admin {model}: page 40", f"/admin/runs/{model}/?p=40"
    steps = f"/admin/runs/steprun/?run__id__exact={run.pk}"
    yield "admin steprun: failed of a run", f"{steps}&status__exact=failed"
    yield "admin workerprocess", "/admin/runs/workerprocess/"
    yield "admin workflows", "/admin/designer/workflow/"
    yield "admin versions", "/admin/designer/workflowversion/"


def of_operation() -> Iterator[tuple[str, str]]:
    yield "fleet", "/fleet/"
    yield "API workers", "/api/v1/workers"
    yield "API metrics", "/api/v1/metrics"


def database_process() -> int | None:
    """The process whose children serve connections; None for SQLite."""
    if connection.vendor == "sqlite":
        return None
    with closing(connection.cursor()) as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def size_mb() -> float:
    if connection.vendor == "sqlite":
        return Path(settings.DATABASES["default"]["NAME"]).stat().st_size / 1e6
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return float(cursor.fetchone()[0]) / 1e6


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])

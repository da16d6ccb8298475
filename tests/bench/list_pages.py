"""Asks for home and pages of runs by Django's client, in this process, and prints how long each took.

Django must be set up, with many runs of `manage.py make_runs` in the database.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.db import connection
from django.test import Client

from runs.models import Run, RunText
from tests.bench.figures import Bar, Figure, median, quantile
from tests.bench.report import table
from tests.people import client_of

FIRST_PAGE_MS = Bar(100)
ROUNDS = 15


def main() -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    client = client_of("bench", "operator")
    print(f"{Run.objects.count():,} runs, {size_mb():,.0f} MB", flush=True)
    print(table([figure for name, path in pages() for figure in timed(client, name, path)]))


def pages() -> Iterator[tuple[str, str]]:
    """What is asked for, by what a person would call it."""
    yield "home", "/"
    yield "figures of 24 hours (API)", "/api/v1/figures/durations?hours=24"
    for name, filters in wanted().items():
        yield f"runs: {name}", f"/runs/?{urlencode(filters)}"
    yield "runs (API)", "/api/v1/runs"


def wanted() -> dict[str, dict[str, str]]:
    newest = Run.objects.latest("created_at")
    middle = newest.created_at - timedelta(days=45)
    rare = RunText.objects.order_by("-id")[1000].text.partition('"order":"')[2][:10]
    return {
        "all": {},
        "completed": {"status": "completed"},
        "failed": {"status": "failed"},
        "blocked": {"status": "blocked"},
        "of a workflow": {"workflow": "made_order"},
        "failed of a rare workflow": {"workflow": "made_preorder", "status": "failed"},
        "label shop=north": {"label": "shop=north"},
        "label tier": {"label": "tier"},
        "label and status": {"label": "shop=north", "status": "failed"},
        "label and a rare status": {"label": "shop=north", "status": "blocked"},
        "label that is none": {"label": "shop=nowhere"},
        "text of many": {"q": "MUG-002"},
        "text of one": {"q": rare},
        "text of none": {"q": "no such text"},
        "text of two letters": {"q": "mu"},
        "text, status and workflow": {"q": "ada", "status": "failed", "workflow": "made_gift"},
        "of a day, 45 days ago": days(middle),
        "failed of that day": {**days(middle), "status": "failed"},
        "trials (none)": {"kind": "trials"},
        "a page in the middle": {"cursor": f"run~{middle.isoformat()}~{newest.pk}"},
    }


def days(at: datetime) -> dict[str, str]:
    return {"since": at.isoformat(), "until": (at + timedelta(days=1)).isoformat()}


def timed(client: Client, name: str, path: str) -> list[Figure]:
    took: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        response = client.get(path)
        took.append((time.perf_counter() - began) * 1000)
        assert response.status_code == 200, (path, response.content[:500])
    return [
        Figure("lists", f"{name}: first time", took[0], "ms"),
        Figure("lists", name, median(took), "ms", FIRST_PAGE_MS),
        Figure("lists", f"{name}: 9 of 10", quantile(took, 0.9), "ms"),
    ]


def size_mb() -> float:
    if connection.vendor == "sqlite":
        return Path(settings.DATABASES["default"]["NAME"]).stat().st_size / 1e6
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return float(cursor.fetchone()[0]) / 1e6


if __name__ == "__main__":
    main()

"""Metrics of what has ended: counted with the figures, bounded in number, found without a scan."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from config.operations import ended_metrics, metrics
from runs.models import OperationFigures
from runs.statistics import operations

pytestmark = pytest.mark.django_db(transaction=True)


def samples() -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def count(kind: str, workflow: str, outcome: str, seconds: float = 1.0) -> None:
    now = timezone.now()
    counted = operations.Counted()
    counted.add(now - timedelta(seconds=seconds), now)
    with transaction.atomic():
        operations.write({operations.Key(kind, workflow, outcome): counted})


def test_counters_and_durations_by_workflow(redis_client: Redis) -> None:
    count("run", "order", "completed", 3.0)
    count("run", "order", "failed", 3.0)
    count("attempt", "order", "unknown")
    count("wait", "order", "", 0.5)
    found = samples()
    assert found["sagaboard_workflow_runs_ended_total", "completed", "order"] == 1
    assert found["sagaboard_workflow_runs_ended_total", "cancelled", "order"] == 0
    assert found["sagaboard_attempts_ended_total", "forward", "unknown", "order"] == 1
    assert found["sagaboard_workflow_run_duration_seconds_count", "order"] == 2
    assert found["sagaboard_workflow_run_duration_seconds_sum", "order"] == pytest.approx(6, rel=0.1)
    assert found["sagaboard_attempt_queue_wait_seconds_count",] == 1
    assert found["sagaboard_attempt_queue_wait_seconds_bucket", "0.512"] == 1
    assert found["sagaboard_attempt_queue_wait_seconds_bucket", "0.256"] == 0


def test_beyond_so_many_workflows_the_others_are_told_together(
    redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "WORKFLOWS_MAX", 2)
    for workflow in ("one", "two", "three", "one", "four"):
        count("run", workflow, "completed")
    found = samples()
    told = {key[-1]: value for key, value in found.items() if key[:2] == NAMED}
    assert told == {"one": 2, "two": 1, ended_metrics.OTHER_WORKFLOWS: 2}
    assert OperationFigures.objects.count() == 3


NAMED = ("sagaboard_workflow_runs_ended_total", "completed")


def test_a_scrape_finds_what_it_counts_by_index(redis_client: Redis) -> None:
    count("run", "order", "completed")
    with CaptureQueriesContext(connection) as asked:
        metrics.text()
    large = ("runs_run", "runs_steprun", "runs_journalentry", "runs_intervention")
    plans: dict[str, Any] = {}
    for query in asked:
        sql = query["sql"]
        if any(f'FROM "{table}"' in sql for table in large):
            plans[sql] = plan_of(sql)
    assert len(plans) >= 5
    for sql, plan in plans.items():
        assert not is_scan(plan), sql


def plan_of(sql: str) -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            return "\n".join(row[3] for row in cursor.fetchall())
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
        return plan


def is_scan(plan: str) -> bool:
    """Whether a whole table is walked through."""
    tables = ("runs_run", "runs_steprun", "runs_journalentry", "runs_intervention")
    lines = plan.splitlines()
    return any(
        ("SCAN" in line.split() and "INDEX" not in line.split() and any(table in line for table in tables))
        or ("Seq Scan" in line)
        for line in lines
    )

"""The sweep under trouble: rows that cannot be brought forward, and a database that goes away."""

from __future__ import annotations

import sqlite3
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError
from redis import Redis

from runs.engine import engine
from runs.maintenance import sweep
from runs.models import Run, StepRun
from tests.database_errors import database_error
from tests.integration.runs.conftest import Publish, chain, step


@pytest.fixture
def due(publish: Publish, redis_client: Redis) -> list[Run]:
    """Runs whose first step's job is lost and due to be rung again, in the order in which they are due."""
    version = publish(chain(step("a")))
    runs = [engine.start_run(version, {}) for _ in range(3)]
    redis_client.flushall()
    for number, run in enumerate(runs):
        StepRun.objects.filter(run=run).update(due_at=run.created_at.replace(year=2020, day=number + 1))
    return runs


def failing(monkeypatch: pytest.MonkeyPatch, runs: list[Run], error: Exception) -> list[UUID]:
    """Waking these runs fails; returns those that were tried."""
    real, tried = engine.wake, []

    def wake(run_id: UUID, name: str) -> None:
        tried.append(run_id)
        if run_id in {run.pk for run in runs}:
            raise error
        real(run_id, name)

    monkeypatch.setattr(engine, "wake", wake)
    return tried


@pytest.mark.parametrize(
    "error", [ValueError("poison"), database_error("database is locked", sqlite3.SQLITE_BUSY)], ids=str
)
def test_rows_that_fail_hold_nobody_up(
    due: list[Run], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(sweep, "ROWS_PER_PASS", 1)
    tried = failing(monkeypatch, due[:2], error)
    assert [sweep.sweep_once() for _ in range(4)] == [0, 0, 1, 0]
    assert tried == [run.pk for run in due]


def test_a_database_that_goes_away_ends_the_pass(due: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Any] = failing(monkeypatch, due, OperationalError("the connection is closed"))
    with pytest.raises(OperationalError):
        sweep.sweep_once()
    assert tried == [due[0].pk]

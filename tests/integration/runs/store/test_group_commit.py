"""Parts that share a transaction: each takes place by itself, and all or none where one of them fails."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DataError, IntegrityError

from runs.engine import engine
from runs.models import Run
from runs.store.database import Statement, database
from tests.integration.runs.conftest import Publish, chain, step

MOVE = "UPDATE runs_run SET done=%s WHERE id=%s AND last_seq=%s"
TIMED = "WITH moved AS ({} RETURNING id) SELECT clock_timestamp() FROM moved"


def moving(run: Run, done: Any, last_seq: int | None = None) -> list[Statement]:
    """The part that sets `done` of a run that is as it was read."""
    db = database()
    sql = (
        MOVE
        if db.writes_by_row
        else f"WITH moved AS ({MOVE} RETURNING id) SELECT clock_timestamp() FROM moved"
    )
    return [(sql, [(done, db.key(run.pk), run.last_seq if last_seq is None else last_seq)])]


@pytest.fixture
def runs(publish: Publish) -> list[Run]:
    version = publish(chain(step("a")))
    found = [engine.start_run(version, {}) for _ in range(3)]
    for run in found:
        run.refresh_from_db()
    return found


def done(runs: list[Run]) -> list[int]:
    return [Run.objects.get(pk=run.pk).done for run in runs]


def test_a_part_that_finds_its_row_moved_is_left_out(runs: list[Run]) -> None:
    before = database().now()
    times = database().write_each_if(
        [moving(runs[0], 7), moving(runs[1], 8, last_seq=99), moving(runs[2], 9)]
    )
    assert done(runs) == [7, 0, 9]
    assert times[1] is None
    assert all(at is not None and at >= before for at in (times[0], times[2]))


def test_nothing_is_written_where_no_part_finds_its_row(runs: list[Run]) -> None:
    assert database().write_each_if([moving(run, 7, last_seq=99) for run in runs]) == [None] * 3
    assert done(runs) == [0, 0, 0]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_part_that_fails_leaves_all_unwritten(runs: list[Run], place: int) -> None:
    parts = [moving(run, -1 if number == place else 7) for number, run in enumerate(runs)]
    with pytest.raises((IntegrityError, DataError)):
        database().write_each_if(parts)
    assert done(runs) == [0, 0, 0]
    assert None not in database().write_each_if([moving(run, 7) for run in runs])
    assert done(runs) == [7, 7, 7]


def test_very_large_parts_travel_together(runs: list[Run]) -> None:
    """More than a socket holds: what is sent and what comes back do not wait for each other."""
    db = database()
    text = "x" * 4_000_000
    sql = "UPDATE runs_run SET workflow_name=workflow_name || substr(%s, 1, 1) WHERE id=%s AND last_seq=%s"
    if not db.writes_by_row:
        sql = TIMED.format(sql)
    parts: list[list[Statement]] = [[(sql, [(text, db.key(run.pk), run.last_seq)])] for run in runs]
    assert None not in db.write_each_if(parts)
    assert {run.workflow_name for run in Run.objects.all()} == {"samplex"}

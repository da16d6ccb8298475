"""The database's disk is full, or takes no writes: nothing is lost, people are told, and all goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from redis import Redis

from runs.engine import engine
from runs.models import JournalEntry, Run, StepRun
from tests.integration.processes.conftest import Bell, manage, running, wait_for
from tests.integration.processes.faults.places import Place, database_on_a_small_disk
from tests.integration.runs.conftest import Publish, chain, publish, step
from tests.people import client_of
from tests.replay import replayed

__all__ = ["publish"]
MODULES = {"WORKER_MODULES": "tests.integration.processes.workers", "OUTPUT_BYTES_MAX": "10000000"}
STARTS_MAX = 2_000


@pytest.fixture
def place(own_workers: None, redis_client: Redis) -> Iterator[Place]:
    with database_on_a_small_disk() as found:
        yield found


@pytest.fixture
def operator(place: Place) -> Client:
    return client_of("olga", "operator", raise_request_exception=False)


@pytest.fixture
def small(place: Place, publish: Publish) -> None:
    """A workflow of the smallest kind, to be started."""
    publish(chain(step("one", worker="newcomer", compensation="none"), name="small"))


@pytest.fixture
def started(place: Place, publish: Publish) -> Run:
    """Of two steps, the first of which returns several megabytes when it is told to."""
    version = publish(
        chain(*(step(name, worker=name, compensation="none") for name in ("bulky", "newcomer")), name="big")
    )
    return engine.start_run(version, {})


def start(operator: Client) -> Any:
    return operator.post("/api/v1/workflows/small/runs", {"input": {}}, content_type="application/json")


def refused_start(operator: Client) -> tuple[int, str]:
    """Starts runs until one is refused: how many were taken, and what was said then."""
    for number in range(STARTS_MAX):
        answer = start(operator)
        if answer.status_code != 201:
            assert (answer.status_code, answer.get("Retry-After")) == (503, "5"), answer.content
            assert answer.json()["type"] == "urn:sagaboard:database_away"
            return number, answer.json()["detail"]
    raise AssertionError("a full disk takes everything")


def doctor(place: Place) -> str:
    done = manage("doctor", **place.facts, **MODULES)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def all_completed(count: int) -> Callable[[], bool]:
    return lambda: Run.objects.filter(status="completed").count() == count


def check_nothing_was_lost_or_harmed() -> None:
    for run in Run.objects.all():
        assert replayed(run).run.status == "completed"
        assert JournalEntry.objects.filter(run=run).count() == run.last_seq
    assert set(StepRun.objects.values_list("attempt", flat=True)) == {1}, "no attempt is made twice"
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check")
            assert cursor.fetchall() == [("ok",)]


@pytest.mark.rule("R10.1", "R10.3")
def test_a_full_disk_holds_results_and_refuses_starts_until_there_is_room(
    place: Place, small: None, started: Run, operator: Client, bell: Bell, tmp_path: Path
) -> None:
    log, facts = tmp_path / "pool.log", {**place.facts, **MODULES}
    with (
        running("worker", "--processes", "2", log=log, **facts) as pool,
        running("scheduler", log=tmp_path / "scheduler.log", **facts) as scheduler,
    ):
        wait_for(lambda: bell.told("bulky"))
        place.disk.fill()
        bell.client.set("test:end", 1)
        wait_for(lambda: f"run {started.pk} waits for the database" in log.read_text())
        taken, said = refused_start(operator)
        assert "The database has no room left on its disk; an administrator must make room." in said
        page = operator.post("/workflows/small/start/", {"input": "{}", "key": "k"})
        assert page.status_code == 503 and "must make room" in page.content.decode()
        assert "make room" in doctor(place)
        assert StepRun.objects.get(run=started, name="bulky").status == "running"
        place.disk.make_room()
        wait_for(all_completed(1 + taken))
        assert start(operator).status_code == 201
        wait_for(all_completed(2 + taken))
        assert (pool.poll(), scheduler.poll()) == (None, None)
    assert Run.objects.count() == 2 + taken, "what was refused is not there"
    check_nothing_was_lost_or_harmed()
    assert "Traceback" not in log.read_text() + (tmp_path / "scheduler.log").read_text()


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite keeps no cache of its catalogue")
@pytest.mark.rule("R10.3")
def test_a_postgres_without_room_for_its_catalogue_cache_lets_nobody_in_and_it_is_said_why(
    place: Place, small: None, operator: Client
) -> None:
    connection.close()
    for cache in place.disk.folder.glob("**/pg_internal.init"):
        cache.unlink()
    place.disk.fill()
    assert "make room" in doctor(place)
    taken, said = refused_start(operator)
    assert (taken, "an administrator must make room" in said) == (0, True), said
    place.disk.make_room()
    assert start(operator).status_code == 201


@pytest.mark.rule("R10.3")
def test_processes_that_start_on_a_database_that_takes_no_writes_begin_when_it_does(
    place: Place, small: None, operator: Client, tmp_path: Path
) -> None:
    assert start(operator).status_code == 201
    log, facts = tmp_path / "pool.log", {**place.facts, **MODULES}
    with (
        place.without_writing(),
        running("worker", log=log, **facts),
        running("scheduler", log=tmp_path / "scheduler.log", **facts),
    ):
        taken, said = refused_start(operator)
        assert (taken, "an administrator must look at it" in said) == (0, True), said
        page = operator.post("/workflows/small/start/", {"input": "{}", "key": "k"})
        assert page.status_code == 503
        assert "mount" in doctor(place)
        wait_for(
            lambda: any(words in log.read_text() for words in ("waits for the database", "cannot begin"))
        )
        place.allow_writing()
        wait_for(all_completed(1))
    check_nothing_was_lost_or_harmed()


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="a file that is open to write stays so")
@pytest.mark.rule("R10.1", "R10.3")
def test_a_postgres_that_takes_no_more_writes_is_waited_for(
    place: Place, small: None, started: Run, operator: Client, bell: Bell, tmp_path: Path
) -> None:
    log, facts = tmp_path / "pool.log", {**place.facts, **MODULES}
    with (
        running("worker", "--processes", "2", log=log, **facts) as pool,
        running("scheduler", log=tmp_path / "scheduler.log", **facts) as scheduler,
    ):
        wait_for(lambda: bell.told("bulky"))
        with place.without_writing():
            bell.client.set("test:end", 1)
            wait_for(lambda: f"run {started.pk} waits for the database" in log.read_text())
            assert "The database cannot be written" in refused_start(operator)[1]
            assert "default_transaction_read_only" in doctor(place)
            assert StepRun.objects.get(run=started, name="bulky").status == "running"
        wait_for(all_completed(1))
        assert (pool.poll(), scheduler.poll()) == (None, None)
    check_nothing_was_lost_or_harmed()
    assert "Traceback" not in log.read_text() + (tmp_path / "scheduler.log").read_text()

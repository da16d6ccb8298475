"""What a worker process does while the database is away, or when a step's worker is not known to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from redis import Redis

from runs.delivery import queue, worker_processes
from runs.engine import engine
from runs.interventions import service
from runs.models import Intervention, JournalEntry, Run, StepRun, WorkerProcess
from tests.database_errors import database_error
from tests.integration.runs.conftest import Publish, chain, step
from tests.integration.runs.engine.test_engine import only_job
from tests.integration.runs.workers import did
from tests.replay import replayed
from workers.process import identity, jobs
from workers.process.attempts import attempt, missing_workers
from workers.process.jobs import run_attempt
from workers.registry import get_catalog

AWAY = (
    OperationalError("the connection is closed"),
    InterfaceError("the cursor is closed"),
    database_error("database or disk is full", sqlite3.SQLITE_FULL),
    database_error("attempt to write a readonly database", sqlite3.SQLITE_READONLY),
    database_error("cannot execute INSERT in a read-only transaction", "25006"),
    database_error("terminating connection due to idle-in-transaction timeout", "25P03"),
)


@pytest.fixture
def in_a_pool() -> Iterator[str]:
    """This process is a known worker process."""
    here = identity.current_process_id()
    identity.begin(here, identity.new_board(), ["default"])
    worker_processes.register(here, host="here", pid=1, queues=["default"], workers=get_catalog())
    yield here
    worker_processes.gone(here)
    identity.begin(here, identity.new_board())


@pytest.fixture
def started(publish: Publish) -> Run:
    return engine.start_run(publish(chain(step("a"), step("b"))), {})


def failing(monkeypatch: pytest.MonkeyPatch, name: str, errors: list[Exception], after: bool) -> None:
    """The engine's function fails as often as there are errors; `after`: when its work is done."""
    real: Callable[..., Any] = getattr(engine, name)

    def called(*args: Any, **options: Any) -> Any:
        result = None if errors and not after else real(*args, **options)
        if errors:
            raise errors.pop(0)
        return result

    monkeypatch.setattr(engine, name, called)


def work(redis: Redis) -> None:
    while queue.queued_ids({"default"}):
        job = only_job(redis)
        redis.flushall()
        run_attempt(*job)


@pytest.mark.parametrize("error", AWAY, ids=str)
@pytest.mark.parametrize("function", ["claim", "report"])
@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
def test_a_result_is_kept_until_the_database_is_back(
    started: Run, redis_client: Redis, monkeypatch: pytest.MonkeyPatch, in_a_pool: str,
    error: Exception, function: str, after: bool,
) -> None:  # fmt: skip
    failing(monkeypatch, function, [error], after)
    work(redis_client)
    started.refresh_from_db()
    assert started.status == "completed"
    assert did == ["a", "b"], "nothing is done twice"
    assert replayed(started).run.done == 2
    assert not StepRun.objects.exclude(process="").exists()


def test_a_result_is_given_up_with_the_lease(
    started: Run, redis_client: Redis, monkeypatch: pytest.MonkeyPatch, in_a_pool: str
) -> None:
    monkeypatch.setattr(attempt, "LEASE_GRACE_S", -300.0)
    failing(monkeypatch, "report", [OperationalError("gone")], False)
    with pytest.raises(OperationalError, match="gone"):
        work(redis_client)
    assert engine.process_lost(in_a_pool) == 1
    assert StepRun.objects.get(run=started, name="a").status == "retrying"


def test_a_step_is_left_to_a_process_that_has_its_worker(
    started: Run, redis_client: Redis, monkeypatch: pytest.MonkeyPatch, in_a_pool: str
) -> None:
    worker_processes.register("newer", host="there", pid=2, queues=["default"], workers=get_catalog())
    catalog = {name: spec for name, spec in get_catalog().items() if name != "act"}
    monkeypatch.setattr(jobs, "get_catalog", lambda: catalog)
    before = JournalEntry.objects.count()
    job = only_job(redis_client)
    redis_client.flushall()
    run_attempt(*job)
    assert only_job(redis_client) == job, "it is rung again for another process"
    assert JournalEntry.objects.count() == before
    assert WorkerProcess.objects.get(id=in_a_pool).lacks == ["act"]
    worker_processes.gone("newer")


def test_a_process_goes_on_only_with_steps_whose_workers_it_has(
    publish: Publish, redis_client: Redis, monkeypatch: pytest.MonkeyPatch, in_a_pool: str
) -> None:
    run = engine.start_run(publish(chain(step("a"), step("b", worker="act_async"))), {})
    catalog = {name: spec for name, spec in get_catalog().items() if name != "act_async"}
    monkeypatch.setattr(jobs, "get_catalog", lambda: catalog)
    job = only_job(redis_client)
    redis_client.flushall()
    run_attempt(*job)
    assert did == ["a"]
    assert StepRun.objects.get(run=run, name="b").status == "queued"
    assert only_job(redis_client)[1] == "b"


def test_a_worker_that_nobody_has_becomes_a_question_to_a_person(
    started: Run, redis_client: Redis, monkeypatch: pytest.MonkeyPatch, in_a_pool: str
) -> None:
    WorkerProcess.objects.update(workers=[])
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "get_catalog", dict)
        patched.setattr(attempt, "get_catalog", dict)
        job = only_job(redis_client)
        redis_client.flushall()
        run_attempt(*job)
        assert StepRun.objects.get(run=started, name="a").status == "queued"
        assert queue.queued_ids({"default"}) == set()
        patched.setattr(missing_workers, "GIVE_UP_S", 0.0)
        run_attempt(*job)
    intervention = Intervention.objects.get(run=started)
    assert intervention.error["code"] == "unknown_worker" and "'act'" in intervention.error["message"]
    service.answer(intervention.pk, service.Reply("retry"), "ada")
    work(redis_client)
    started.refresh_from_db()
    assert started.status == "completed"


def test_a_transaction_of_a_frozen_host_is_ended_by_the_server() -> None:
    """On SQLite the pool's parent kills a frozen process; see the tests of the pool."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW idle_in_transaction_session_timeout")
            assert cursor.fetchone() == ("20s",)

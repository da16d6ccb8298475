"""Workers that leave transactions, locks and processes behind harm themselves, and not the product."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from redis import Redis

from config.lib.caches import clear_all
from designer.services import workflows
from runs.delivery import worker_processes
from runs.engine import engine
from runs.maintenance import sweep
from runs.models import Run, WorkerProcess
from tests.integration.processes.conftest import Bell, manage, running, wait_for
from tests.people import client_of

pytestmark = pytest.mark.django_db(transaction=True)

MODULE = "tests.integration.processes.misbehaving"


@pytest.fixture
def pool(
    tmp_path: Path, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> Iterator[subprocess.Popen[bytes]]:
    monkeypatch.setattr(settings, "WORKER_MODULES", [MODULE])
    clear_all()
    with running("worker", "--processes", "1", log=tmp_path / "log", WORKER_MODULES=MODULE) as process:
        wait_for(lambda: redis_client.scard("rq:workers") == 1 or process.poll() is not None)
        assert process.poll() is None, (tmp_path / "log").read_text()
        yield process


def started(*names: str) -> Run:
    steps = [{"name": f"s{place}", "worker": name} for place, name in enumerate(names)]
    edges = [{"from": f"s{place}", "to": f"s{place + 1}"} for place in range(len(names) - 1)]
    document: dict[str, Any] = {"schema": 1, "name": "odd", "steps": steps, "edges": edges}
    version = workflows.import_document(document, publish=True).version
    assert version is not None
    return engine.start_run(version, {})


def ended(run: Run) -> Run:
    def has_ended() -> bool:
        with suppress(OperationalError):  # while a worker keeps the lock
            sweep.sweep_due()
        run.refresh_from_db()
        return run.finished_at is not None

    wait_for(has_ended)
    return run


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("name", ["leaves_a_transaction", "leaves_it_and_fails", "is_stopped_in_a_query"])
def test_a_transaction_that_is_left_open_ends_with_the_attempt(
    pool: subprocess.Popen[bytes], name: str
) -> None:
    first = ended(started(name))
    assert first.status == ("completed" if name == "leaves_a_transaction" else "failed")
    assert ended(started("plain", name, "plain")).status == first.status
    assert "left_behind" not in connection.introspection.table_names()
    assert WorkerProcess.objects.count() == 1


def test_a_process_that_keeps_the_lock_is_ended_and_named(
    pool: subprocess.Popen[bytes], bell: Bell, tmp_path: Path
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no lock that one connection could keep from all others")
    run = started("holds_the_lock", "plain")
    assert ended(run).status == "completed"
    [holder] = bell.told("holder")
    assert not lives(int(holder))
    why = "it held the database's write lock for 10 s"
    assert why in (tmp_path / "log").read_text()
    [end] = worker_processes.recent_ends()
    assert f":{holder}:" in end["process"] and end["why"] == why
    assert end["steps"] == [f"s0 of odd, run {run.pk}"]
    assert why in manage("doctor").stdout
    page = client_of("olga", "operator").get("/fleet/").content.decode()
    assert "Killed by the pool" in page and str(run.pk) in page


@pytest.mark.parametrize("name", ["forks_and_returns", "forks_and_raises"])
def test_a_forked_child_ends_where_the_worker_ends(
    pool: subprocess.Popen[bytes], bell: Bell, name: str
) -> None:
    run = ended(started(name, "plain"))
    assert run.status == "completed"
    [child] = bell.told("forked")
    wait_for(lambda: not lives(int(child)), 10)
    assert run.journal.filter(type="step.started").count() == 2
    assert WorkerProcess.objects.count() == 1


def test_a_forked_child_that_stays_claims_nothing_and_ends_with_its_process(
    pool: subprocess.Popen[bytes], bell: Bell
) -> None:
    run = ended(started("forks_and_stays", "plain"))
    assert run.status == "completed"
    [child] = bell.told("forked")
    assert lives(int(child))
    runs = [ended(started("plain")) for _ in range(5)]
    known = set(WorkerProcess.objects.values_list("id", flat=True))
    claimed = {entry.data["process"] for one in runs for entry in one.journal.filter(type="step.started")}
    assert claimed <= known and len(known) == 1
    pool.terminate()
    pool.wait()
    wait_for(lambda: not lives(int(child)), 10)


def test_multiprocessing_goes_on_working(pool: subprocess.Popen[bytes]) -> None:
    run = ended(started("uses_a_pool"))
    assert run.status == "completed", run.error
    assert os.getpid() and run.journal.get(type="step.completed").payload == {"doubled": [2, 4, 6]}

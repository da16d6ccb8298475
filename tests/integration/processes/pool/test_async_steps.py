"""Async steps for real: many at a time in one worker process, and each with its own fate."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django.fixtures import Settings
from redis import Redis

from designer.document.graph import Action, Graph, Step
from runs.engine import engine
from runs.models import JournalEntry, Run, StepRun, WorkerProcess
from tests.integration.processes.conftest import WAIT_S, running, wait_for
from tests.integration.runs.conftest import Publish, chain, publish
from tests.postgres import cut_connections
from tests.replay import replayed

__all__ = ["publish"]
pytestmark = pytest.mark.django_db(transaction=True)
MODULE = "tests.integration.processes.pool.waiting"
AT_ONCE = 30


@pytest.fixture(autouse=True)
def workers_of_this_test(settings: Settings) -> None:
    settings.WORKER_MODULES = [MODULE]


@pytest.fixture
def pool(tmp_path: Path, redis_client: Redis) -> Iterator[subprocess.Popen[bytes]]:
    """One worker process."""
    with running("worker", log=tmp_path / "log", WORKER_MODULES=MODULE, STOP_GRACE_S="60") as process:
        wait_for(lambda: redis_client.scard("rq:workers") == 1 or process.poll() is not None)
        assert process.poll() is None, (tmp_path / "log").read_text()
        yield process


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """What `gated` steps wait for: a file that the test makes when they may end."""
    return tmp_path / "gate"


def one(worker: str, name: str = "one") -> Graph:
    return chain(Step(name, worker=worker), name=name)


def start(publish: Publish, graph: Graph, count: int = 1, **input: object) -> list[Run]:
    version = publish(graph)
    return [engine.start_run(version, input) for _ in range(count)]


def running_steps() -> int:
    return StepRun.objects.filter(status="running").count()


def all_are(status: str, runs: list[Run]) -> bool:
    return Run.objects.filter(pk__in=[run.pk for run in runs], status=status).count() == len(runs)


def check_journals(runs: list[Run]) -> None:
    """What is stored is what the journal says."""
    for run in Run.objects.filter(pk__in=[run.pk for run in runs]):
        assert replayed(run).run.status == run.status


def test_many_wait_at_a_time_in_one_process(
    publish: Publish, pool: subprocess.Popen[bytes], gate: Path
) -> None:
    runs = start(publish, one("gated"), AT_ONCE, gate=str(gate))
    wait_for(lambda: running_steps() == AT_ONCE)
    gate.touch()
    wait_for(lambda: all_are("completed", runs))
    assert len(WorkerProcess.objects.all()) == 1
    check_journals(runs)


def most_at_a_time() -> int:
    times = StepRun.objects.values_list("started_at", "finished_at")
    return max(sum(a <= begun < b for a, b in times if a and b) for begun, _ in times if begun)


def test_a_plain_step_is_not_held_up_by_those_that_wait(
    publish: Publish, pool: subprocess.Popen[bytes], gate: Path
) -> None:
    waiting = start(publish, one("gated"), 3, gate=str(gate))
    wait_for(lambda: running_steps() == 3)
    mixed = chain(Step("a", worker="plain"), Step("b", worker="nap"), Step("c", worker="plain"), name="mixed")
    (run,) = start(publish, mixed, nap_s=0.01)
    wait_for(lambda: all_are("completed", [run]))
    assert all_are("running", waiting)
    gate.touch()
    wait_for(lambda: all_are("completed", waiting))
    check_journals([run, *waiting])


def test_a_timeout_ends_one_attempt_and_no_other(
    publish: Publish, pool: subprocess.Popen[bytes], gate: Path
) -> None:
    waiting = start(publish, one("gated"), 3, gate=str(gate))
    wait_for(lambda: running_steps() == 3)
    (late,) = start(publish, one("hang", "late"))
    wait_for(lambda: all_are("failed", [late]))
    error = StepRun.objects.get(run=late).error
    assert error is not None and error["code"] == "timeout"
    gate.touch()
    wait_for(lambda: all_are("completed", waiting))
    assert set(StepRun.objects.exclude(run=late).values_list("attempt", flat=True)) == {1}


def test_what_attempts_say_is_in_their_journals(publish: Publish, pool: subprocess.Popen[bytes]) -> None:
    runs = start(publish, one("talk"), 5)
    wait_for(lambda: all_are("completed", runs))
    for run in runs:
        said = [entry.data for entry in JournalEntry.objects.filter(run=run, type="step.progress")]
        assert [line for data in said for line in data.get("log", [])] == ["line 0", "line 1", "line 2"]
        assert said[-1]["fraction"] == 1.0
        last = JournalEntry.objects.filter(run=run, type="step.progress").order_by("-seq")[0]
        assert last.seq < JournalEntry.objects.get(run=run, type="step.completed").seq


def test_stopping_lets_waiting_steps_finish(
    publish: Publish, pool: subprocess.Popen[bytes], gate: Path
) -> None:
    graph = chain(Step("one", worker="gated"), Step("two", worker="gated"), name="two_waits")
    runs = start(publish, graph, 5, gate=str(gate))
    wait_for(lambda: running_steps() == 5)
    worker_process = WorkerProcess.objects.get().pid
    pool.send_signal(signal.SIGTERM)
    wait_for(lambda: is_stopping(worker_process))
    gate.touch()
    assert pool.wait(WAIT_S) == 0
    assert StepRun.objects.filter(name="one", status="completed", attempt=1).count() == 5
    assert StepRun.objects.filter(name="two", status="queued").count() == 5, "none is begun after the signal"
    check_journals(runs)


def is_stopping(pid: int) -> bool:
    """Whether a worker process has heard that it shall stop: it ignores SIGTERM from then on."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    ignored = next(line.split()[1] for line in lines if line.startswith("SigIgn:"))
    return bool(int(ignored, 16) >> (signal.SIGTERM - 1) & 1)


def test_stopping_kills_those_that_wait_longer_than_the_grace(
    publish: Publish, redis_client: Redis, tmp_path: Path, gate: Path
) -> None:
    with running("worker", log=tmp_path / "log", WORKER_MODULES=MODULE, STOP_GRACE_S="1") as pool:
        start(publish, one("gated"), 3, gate=str(gate))
        wait_for(lambda: running_steps() == 3)
        pool.send_signal(signal.SIGTERM)
        assert pool.wait(WAIT_S) == 0
    assert StepRun.objects.filter(status="retrying", process="").count() == 3
    errors = StepRun.objects.values_list("error", flat=True)
    assert {error["code"] for error in errors if error} == {"worker_lost"}


def test_a_killed_process_loses_no_attempt(
    publish: Publish, pool: subprocess.Popen[bytes], tmp_path: Path, gate: Path
) -> None:
    runs = start(publish, one("gated"), 10, gate=str(gate))
    wait_for(lambda: running_steps() == 10)
    os.kill(WorkerProcess.objects.get().pid, signal.SIGKILL)
    gate.touch()
    with running("scheduler", log=tmp_path / "scheduler", WORKER_MODULES=MODULE):
        wait_for(lambda: all_are("completed", runs))
    assert set(StepRun.objects.values_list("attempt", flat=True)) == {2}
    check_journals(runs)


def test_a_step_that_holds_the_loop_past_its_timeout_is_ended_with_its_process(
    publish: Publish, pool: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    before = WorkerProcess.objects.get().id
    (claimed,) = start(publish, one("hold_loop", "held"))
    wait_for(lambda: running_steps() == 1)
    wait_for(lambda: all_are("failed", [claimed]), 40)
    wait_for(lambda: WorkerProcess.objects.exclude(id=before).count() == 1)
    (after,) = start(publish, one("nap", "after"), nap_s=0.01)
    wait_for(lambda: all_are("completed", [after]))


def test_cancelling_waits_for_what_runs_and_undoes_it(
    publish: Publish, pool: subprocess.Popen[bytes], gate: Path
) -> None:
    steps = (
        Step("first", worker="nap", compensation=Action("undo_nap")),
        Step("second", worker="gated", compensation=Action("undo_nap")),
    )
    (run,) = start(publish, chain(*steps, name="undone"), nap_s=0.01, gate=str(gate))
    wait_for(lambda: StepRun.objects.filter(name="second", status="running").exists())
    engine.cancel_run(run.pk)
    assert StepRun.objects.get(name="second").status == "running"
    gate.touch()
    wait_for(lambda: all_are("cancelled", [run]))
    assert set(StepRun.objects.filter(run=run).values_list("status", "undo")) == {
        ("completed", "compensated")
    }
    check_journals([run])


def test_an_outage_of_redis_and_of_the_database_is_outlasted(
    publish: Publish, pool: subprocess.Popen[bytes], redis_client: Redis, tmp_path: Path, gate: Path
) -> None:
    graph = chain(Step("one", worker="gated"), Step("two", worker="gated"), name="two_waits")
    runs = start(publish, graph, 10, gate=str(gate))
    wait_for(lambda: running_steps() == 10)
    redis_client.flushall()
    redis_client.client_kill_filter(_type="normal", skipme=True)
    cut_connections(connection)
    gate.touch()
    with running("scheduler", log=tmp_path / "scheduler", WORKER_MODULES=MODULE):
        wait_for(lambda: all_are("completed", runs))
    assert set(StepRun.objects.values_list("attempt", flat=True)) == {1}, "no attempt is made twice"
    check_journals(runs)


def test_a_full_process_takes_no_more_than_it_may(
    publish: Publish, redis_client: Redis, tmp_path: Path, gate: Path
) -> None:
    log = tmp_path / "log"
    with running("worker", log=log, WORKER_MODULES=MODULE, ASYNC_STEPS="4"):
        runs = start(publish, one("gated"), 10, gate=str(gate))
        wait_for(lambda: running_steps() == 4)
        gate.touch()
        wait_for(lambda: all_are("completed", runs))
    assert most_at_a_time() == 4

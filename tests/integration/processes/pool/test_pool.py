"""Worker processes for real: crashes, overdue steps, stopping, a Redis that loses everything."""

import json
import os
import pickle
import signal
import zlib
from functools import partial

import pytest
from django.db import connection

from runs.models import WorkerProcess
from tests.integration.processes.conftest import WAIT_S, Bell, running, wait_for
from tests.postgres import cut_connections

pytestmark = pytest.mark.django_db(transaction=True)


GRACE_S = "60"  # more than any step but the one that is to be killed takes


@pytest.fixture
def pool(tmp_path, redis_client, request):
    grace_s = getattr(request, "param", GRACE_S)
    with running("worker", "--processes", "2", log=tmp_path / "log", STOP_GRACE_S=grace_s) as process:
        wait_for(lambda: redis_client.scard("rq:workers") == 2 or process.poll() is not None)
        assert process.poll() is None, (tmp_path / "log").read_text()
        yield process


def known() -> set[str]:
    return set(WorkerProcess.objects.values_list("id", flat=True))


def test_a_crashed_process_is_replaced_and_forgotten(pool, bell):
    bell.send("crash")
    wait_for(lambda: bell.told("crashing"))
    [crashed] = bell.told("crashing")
    wait_for(lambda: crashed not in known() and len(known()) == 2)
    bell.send("identify")
    wait_for(lambda: bell.told("ids"))
    assert set(bell.told("ids")) <= known()


def test_a_process_that_holds_the_interpreter_past_its_deadline_is_killed(pool, bell):
    bell.send("hold_the_interpreter")
    wait_for(lambda: bell.told("holding"))
    [overdue] = bell.told("holding")
    wait_for(lambda: overdue not in known() and len(known()) == 2)


def test_a_failing_job_ends_nothing_and_jobs_leave_nothing_in_redis(pool, bell):
    before = known()
    bell.send("fail")
    for _ in range(3):
        bell.send("identify")
    wait_for(lambda: len(bell.told("ids")) == 3)
    assert known() == before
    wait_for(lambda: bell.client.keys("rq:job:*") == [])


def test_what_others_write_into_redis_ends_nothing_and_runs_nothing(pool, bell, tmp_path):
    before, mark = known(), tmp_path / "mark"
    call = pickle.dumps(("os.system", None, (f"touch {mark}",), {}))
    shell = json.dumps(["os.system", None, [f"touch {mark}"], {}]).encode()
    for name, record in (
        ("pickled", call),
        ("packed", zlib.compress(call)),
        ("shell", shell),
        ("none", b"\xff"),
    ):
        bell.client.hset(f"rq:job:{name}", mapping={"data": record})
        bell.client.rpush("rq:queue:default", name, b"\xff\xfe", "no/id", "0" * 32 + "-a-" + "9" * 99)
    for _ in range(3):
        bell.send("identify")
    wait_for(lambda: len(bell.told("ids")) == 3)
    assert known() == before and not mark.exists()
    wait_for(lambda: bell.client.keys("rq:job:*") == [])
    assert (tmp_path / "log").read_text().count("is refused and removed") == 4


def test_stopping_lets_the_running_step_finish(pool, bell):
    bell.send("take_a_while", 1.0)
    wait_for(lambda: bell.told("begun"))
    pool.send_signal(signal.SIGTERM)
    assert pool.wait(WAIT_S) == 0
    assert (bell.told("begun"), bell.told("done")) == (["False"], ["True"])
    assert known() == set()


@pytest.mark.parametrize("pool", ["1"], indirect=True)
def test_stopping_kills_a_step_that_takes_longer_than_the_grace(pool, bell):
    bell.send("take_a_while", 600.0)
    wait_for(lambda: bell.told("begun"))
    pool.send_signal(signal.SIGTERM)
    assert pool.wait(WAIT_S) == 0
    assert bell.told("done") == []
    assert known() == set()


def test_children_end_with_a_killed_parent(pool, bell):
    pids = set(WorkerProcess.objects.values_list("pid", flat=True))
    pool.kill()
    wait_for(lambda: not any(map(is_alive, pids)))


def test_an_emptied_redis_and_lost_connections_to_it_are_no_trouble(pool, bell):
    before = known()
    bell.client.flushall()
    bell.send("identify")
    wait_for(lambda: len(bell.told("ids")) == 1)
    bell.client.client_kill_filter(_type="normal", skipme=True)
    bell.send("identify")
    wait_for(lambda: len(bell.told("ids")) == 2)
    assert known() == before


def test_a_connection_to_the_database_that_is_cut_is_made_anew(pool, bell):
    before = known()
    for times in (1, 2, 3):
        bell.send("ask_the_database")
        wait_for(partial(has_told, bell, times))
        cut_connections(connection)
    assert known() == before


def has_told(bell: Bell, times: int) -> bool:
    return len(bell.told("processes")) == times


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

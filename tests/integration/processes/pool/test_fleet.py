"""Which worker processes are alive and which are lost."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from runs.delivery import worker_processes
from runs.models import WorkerProcess
from runs.store import reader

pytestmark = pytest.mark.django_db

HOLD = """
import fcntl, sys, time
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
print(flush=True)
time.sleep(60)
"""


def register(process_id: str) -> None:
    worker_processes.register(
        process_id, host="here", pid=os.getpid(), queues=["default"], workers={"b", "a"}
    )


def fall_silent(process_id: str) -> None:
    long_ago = timezone.now() - timedelta(seconds=worker_processes.SILENT_AFTER_S + 5)
    assert WorkerProcess.objects.filter(id=process_id).update(seen_at=long_ago)


def test_a_registered_process_is_known_until_it_is_gone():
    register("here:1:a")
    row = WorkerProcess.objects.get(id="here:1:a")
    assert (row.host, row.pid, row.queues, row.workers) == ("here", os.getpid(), ["default"], ["a", "b"])
    assert abs(row.seen_at - timezone.now()) < timedelta(seconds=5)
    assert worker_processes.lost_processes(reader.now()) == []
    worker_processes.gone("here:1:a")
    assert not WorkerProcess.objects.exists()
    assert not (settings.DATA_DIR / "processes" / "here:1:a").exists()


def test_a_heartbeat_moves_the_time_and_says_when_the_process_is_not_known():
    register("here:1:b")
    fall_silent("here:1:b")
    before = WorkerProcess.objects.get(id="here:1:b").seen_at
    assert worker_processes.heartbeat("here:1:b") is True
    assert WorkerProcess.objects.get(id="here:1:b").seen_at > before
    worker_processes.gone("here:1:b")
    assert worker_processes.heartbeat("here:1:b") is False


def test_a_silent_process_is_not_lost_while_it_holds_its_lock():
    register("here:1:c")
    fall_silent("here:1:c")
    assert worker_processes.lost_processes(reader.now()) == []
    worker_processes.gone("here:1:c")


def test_a_process_that_dies_is_lost_at_once():
    register("here:1:d")
    path = Path(settings.DATA_DIR / "processes" / "here:1:d")
    os.close(worker_processes._locks.pop("here:1:d"))
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    with holder.stdout:
        holder.stdout.readline()
    assert worker_processes.lost_processes(reader.now()) == []
    holder.kill()
    holder.wait()
    assert worker_processes.lost_processes(reader.now()) == ["here:1:d"]
    worker_processes.gone("here:1:d")


def test_a_process_of_another_host_is_lost_when_it_falls_silent():
    now = timezone.now()
    WorkerProcess.objects.create(id="there:1:e", host="there", pid=1, started_at=now, seen_at=now)
    assert worker_processes.lost_processes(reader.now()) == []
    fall_silent("there:1:e")
    assert worker_processes.lost_processes(reader.now()) == ["there:1:e"]


def test_registering_twice_is_one_process():
    register("here:1:f")
    lock = worker_processes._locks["here:1:f"]
    register("here:1:f")
    assert worker_processes._locks["here:1:f"] == lock, "the lock is not taken again"
    assert WorkerProcess.objects.count() == 1
    worker_processes.gone("here:1:f")

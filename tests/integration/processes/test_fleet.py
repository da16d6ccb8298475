"""Which worker processes are alive and which are lost."""

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from runs import fleet, store
from runs.models import WorkerProcess

pytestmark = pytest.mark.django_db

HOLD = """
import fcntl, sys, time
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
print(flush=True)
time.sleep(60)
"""


def register(process_id: str) -> None:
    fleet.register(process_id, host="here", pid=os.getpid(), queues=["default"], workers={"b", "a"})


def fall_silent(process_id: str) -> None:
    long_ago = timezone.now() - timedelta(seconds=fleet.SILENT_AFTER_S + 5)
    assert WorkerProcess.objects.filter(id=process_id).update(seen_at=long_ago)


def test_a_registered_process_is_known_until_it_is_gone():
    register("here:1:a")
    row = WorkerProcess.objects.get(id="here:1:a")
    assert (row.host, row.pid, row.queues, row.workers) == ("here", os.getpid(), ["default"], ["a", "b"])
    assert abs(row.seen_at - timezone.now()) < timedelta(seconds=5)
    assert fleet.lost_processes(store.now()) == []
    fleet.gone("here:1:a")
    assert not WorkerProcess.objects.exists()
    assert not (settings.DATA_DIR / "processes" / "here:1:a").exists()


def test_a_heartbeat_moves_the_time_and_says_when_the_process_is_not_known():
    register("here:1:b")
    fall_silent("here:1:b")
    before = WorkerProcess.objects.get(id="here:1:b").seen_at
    assert fleet.heartbeat("here:1:b") is True
    assert WorkerProcess.objects.get(id="here:1:b").seen_at > before
    fleet.gone("here:1:b")
    assert fleet.heartbeat("here:1:b") is False


def test_a_silent_process_is_not_lost_while_it_holds_its_lock():
    register("here:1:c")
    fall_silent("here:1:c")
    assert fleet.lost_processes(store.now()) == []
    fleet.gone("here:1:c")


def test_a_process_that_dies_is_lost_at_once():
    register("here:1:d")
    path = Path(settings.DATA_DIR / "processes" / "here:1:d")
    os.close(fleet._locks.pop("here:1:d"))
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    with holder.stdout:
        holder.stdout.readline()
    assert fleet.lost_processes(store.now()) == []
    holder.kill()
    holder.wait()
    assert fleet.lost_processes(store.now()) == ["here:1:d"]
    fleet.gone("here:1:d")


def test_a_process_of_another_host_is_lost_when_it_falls_silent():
    now = timezone.now()
    WorkerProcess.objects.create(id="there:1:e", host="there", pid=1, started_at=now, seen_at=now)
    assert fleet.lost_processes(store.now()) == []
    fall_silent("there:1:e")
    assert fleet.lost_processes(store.now()) == ["there:1:e"]


def test_registering_twice_is_one_process():
    register("here:1:f")
    started = time.monotonic()
    register("here:1:f")
    assert time.monotonic() - started < 1
    assert WorkerProcess.objects.count() == 1
    fleet.gone("here:1:f")

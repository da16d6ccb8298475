"""Watchers (H): 500 sockets on the runs of workload B: how late frames are, and what they cost B."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import cycle, islice
from pathlib import Path
from statistics import mean
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Max, Min
from django.test import Client

from config.accounts import roles
from config.accounts.permissions import Role
from runs.models import JournalEntry
from tests.bench.figures import Bar, Figure, median, quantile
from tests.bench.parts import running
from tests.bench.stage import LOG, Stage, forget_runs
from tests.bench.workloads.rows import AT_ONCE
from tests.bench.workloads.steps import STEPS
from tests.postgres import free_port

SOCKETS = 500
ROUNDS = 5
READY_S_MAX = 30.0
LAST_FRAMES_S = 10.0
POLL_S = 0.1


def watched(stage: Stage) -> list[Figure]:
    """H: each of 500 sockets follows one of the runs, from before its first step to its end.

    What they cost is told by the same work alone, before and after.
    """
    lags: list[float] = []
    slower: list[float] = []
    with web(stage.folder) as daphne:
        for _ in range(stage.some(ROUNDS, 1)):
            before = _steps_per_s(stage, stage.start_many("bench_row", AT_ONCE))
            runs = stage.start_many("bench_row", AT_ONCE)
            with crowd(daphne.port, runs) as people:
                in_company = _steps_per_s(stage, runs)
                lags += _told(people)
            after = _steps_per_s(stage, stage.start_many("bench_row", AT_ONCE))
            slower.append(1 - in_company / mean([before, after]))
            forget_runs()
    return [
        Figure("H", "lag of a frame, median", quantile(lags, 0.5) * 1e3, "ms"),
        Figure("H", "lag of a frame, p99", quantile(lags, 0.99) * 1e3, "ms", Bar(100.0)),
        Figure("H", "frames received", len(lags), ""),
        Figure("H", "B is slower by", 100 * median(slower), "%", Bar(10.0)),
    ]


def _steps_per_s(stage: Stage, runs: Sequence[UUID]) -> float:
    """Of runs that are queued already, from the first step's start to the last run's end."""
    with stage.workers():
        stage.wait_for_all(runs, poll_s=0.02)
    entries = JournalEntry.objects.filter(run_id__in=runs)
    began = entries.filter(type="step.started").aggregate(at=Min("at"))["at"]
    ended = entries.filter(type="run.completed").aggregate(at=Max("at"))["at"]
    return float(len(runs) * STEPS / (ended - began).total_seconds())


@dataclass(frozen=True)
class Web:
    port: int
    pid: int


@contextmanager
def web(folder: Path) -> Iterator[Web]:
    """A daphne that answers."""
    port = free_port()
    words = (sys.executable, "-m", "daphne", "--verbosity", "0", "--port", str(port))
    with running((*words, "config.asgi:application"), folder / LOG) as process:
        until = time.monotonic() + READY_S_MAX
        while not _answers(port):
            if time.monotonic() > until:
                raise RuntimeError(f"daphne does not answer; see {folder / LOG}")
            time.sleep(POLL_S)
        yield Web(port, process.pid)


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("HEAD", "/login/", headers={"Host": "localhost"})
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


@contextmanager
def crowd(port: int, runs: Sequence[UUID]) -> Iterator[subprocess.Popen[str]]:
    """A process whose sockets are open."""
    words = [sys.executable, "-m", "tests.bench.workloads.crowd", str(port), cookie()]
    words += [str(run_id) for run_id in islice(cycle(runs), SOCKETS)]
    people = subprocess.Popen(
        words, cwd=settings.BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert people.stdin is not None and people.stdout is not None
    try:
        if people.stdout.readline().strip() != "ready":
            raise RuntimeError("the sockets could not be opened")
        time.sleep(1.0)  # until each has been sent what there is so far
        people.stdin.write("begin\n")
        people.stdin.flush()
        yield people
    finally:
        people.kill()
        people.wait()


def _told(people: subprocess.Popen[str]) -> list[float]:
    """Seconds by which each frame came later than its entry was stamped."""
    assert people.stdin is not None and people.stdout is not None
    try:
        people.wait(LAST_FRAMES_S)
    except subprocess.TimeoutExpired:
        people.stdin.close()
    return list(json.loads(people.stdout.read()))


def cookie() -> str:
    """Of somebody who is signed in and may everything."""
    user, _ = User.objects.get_or_create(username="bench")
    roles.give(user, Role.ADMIN)
    client = Client()
    client.force_login(user)
    return f"sessionid={client.cookies['sessionid'].value}"

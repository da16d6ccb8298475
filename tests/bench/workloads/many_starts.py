"""Very many runs at once: started over the API (L), and async steps that wait in one worker process (M)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from http.client import HTTPConnection
from uuid import UUID

from runs.models import JournalEntry, StepRun
from tests.bench.figures import Bar, Figure
from tests.bench.stage import Stage
from tests.bench.workloads.sockets import cookie, web
from tests.bench.workloads.waits import MemoryWatch

PER_LIST = 1_000
LISTS = 100
WAITING = 10_000
TIMEOUT_S = 120.0
CLAIMED_S_MAX = 300.0
ENDS_S = 3_600.0  # nobody waits for that: the processes are stopped before
POLL_S = 0.2


def started(stage: Stage) -> list[Figure]:
    """L: 100,000 runs by lists of 1,000 over the API, one list after the other; nobody carries them out."""
    lists = stage.some(LISTS, 5)
    job = stage.references.rq_job()
    with web(stage.folder) as daphne:
        headers = _signed_in(daphne.port)
        _post(daphne.port, headers, 10)
        began = time.perf_counter()
        for _ in range(lists):
            _post(daphne.port, headers, PER_LIST)
        each_s = (time.perf_counter() - began) / lists / PER_LIST
    stage.forget_jobs()
    return [
        Figure("L", f"{lists * PER_LIST:,} runs started", each_s * lists * PER_LIST, "s"),
        Figure("L", "per run", each_s / job, "x", Bar(0.1)),
    ]


def _post(port: int, headers: Mapping[str, str], count: int) -> None:
    client = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    body = json.dumps([{"input": {}}] * count)
    client.request("POST", "/api/v1/workflows/bench_row/runs", body, headers)
    answer = client.getresponse()
    text = answer.read()
    client.close()
    if answer.status != 201:
        raise RuntimeError(f"runs were not started: {answer.status} {text[:300]!r}")


def _signed_in(port: int) -> dict[str, str]:
    token = "0" * 32
    return {
        "Content-Type": "application/json",
        "Host": f"localhost:{port}",
        "Origin": f"http://localhost:{port}",
        "Cookie": f"{cookie()}; csrftoken={token}",
        "X-CSRFToken": token,
    }


def many_waiting(stage: Stage) -> list[Figure]:
    """M: 10,000 runs whose async step waits, in one worker process."""
    count = stage.some(WAITING, PER_LIST)
    with stage.workers() as pool:
        watch = MemoryWatch(pool.pid)
        watch.start()
        runs: list[UUID] = []
        while len(runs) < count:
            runs += stage.start_many("bench_wait", PER_LIST, {"wait_s": ENDS_S})
        until = time.monotonic() + CLAIMED_S_MAX
        while StepRun.objects.filter(status="running").count() < count:
            if time.monotonic() > until:
                raise RuntimeError("not all steps were begun")
            time.sleep(POLL_S)
        watch.stop()
    entries = JournalEntry.objects.filter(run_id__in=runs, type="step.started").order_by("at")
    begun = list(entries.values_list("at", flat=True))
    edge = count // 10
    first, last = begun[edge - 1] - begun[0], begun[-1] - begun[-edge]
    return [
        Figure("M", f"memory of a worker process with {count:,} steps", watch.most_mb, "MB", Bar(500.0)),
        Figure("M", "the last tenth's start to the first's", last / first, "x", Bar(1.5)),
        Figure("M", "steps begun a second", count / (begun[-1] - begun[0]).total_seconds(), "steps/s"),
    ]

"""A worker takes all the memory there is: its process dies or its attempt fails, and all others go on."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from designer.document.graph import Graph
from runs.engine import engine
from runs.models import JournalEntry, Run, WorkerProcess
from tests.integration.processes.conftest import running, wait_for
from tests.integration.runs.conftest import Publish, chain, publish, step

__all__ = ["publish"]
MODULES = {"WORKER_MODULES": "tests.integration.processes.workers"}
MORE_BYTES = 300 << 20
GROUPS = {"/sys/fs/cgroup/memory": "memory.limit_in_bytes", "/sys/fs/cgroup": "memory.max"}


def process_limit(pid: int) -> None:
    """At most so much more address space than now for each process; beyond it `malloc` fails."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    size = pages * resource.getpagesize() + MORE_BYTES
    resource.prlimit(pid, resource.RLIMIT_AS, (size, size))


@contextmanager
def memory_group() -> Iterator[Path | None]:
    """A control group whose processes the kernel kills; None where nobody may make one."""
    group = made_group()
    try:
        yield group
    finally:
        if group is not None:
            wait_for(lambda: not (group / "cgroup.procs").read_text())
            group.rmdir()


def made_group() -> Path | None:
    for parent, limit in GROUPS.items():
        group = Path(parent) / f"sagaboard-test-{os.getpid()}"
        try:
            group.mkdir()
            (group / limit).write_text(str(MORE_BYTES))
        except OSError:
            with suppress(OSError):
                group.rmdir()
        else:
            return group
    return None


def carried_out(graph: Graph, publish: Publish, **input: Any) -> Run:
    run = engine.start_run(publish(graph), input)
    wait_for(lambda: Run.objects.get(pk=run.pk).finished_at is not None)
    return Run.objects.get(pk=run.pk)


def graph_of(*names: str) -> Graph:
    return chain(*(step(name, worker=name, compensation="none") for name in names), name=names[-1])


def test_a_process_that_dies_of_memory_harms_nobody_else(
    publish: Publish, own_workers: None, tmp_path: Path
) -> None:
    """In a control group the kernel kills it; elsewhere it ends itself, as libraries in C do."""
    log = tmp_path / "pool.log"
    with (
        memory_group() as group,
        running("worker", "--processes", "2", log=log, **MODULES) as pool,
        running("scheduler", log=tmp_path / "scheduler.log", **MODULES),
    ):
        wait_for(lambda: WorkerProcess.objects.count() == 2)
        for pid in (pool.pid, *WorkerProcess.objects.values_list("pid", flat=True)):
            if group is None:
                process_limit(pid)
            else:
                (group / "cgroup.procs").write_text(str(pid))
        run = carried_out(graph_of("newcomer", "greedy"), publish, aborts=True)
        assert run.status == "failed", run.error
        assert (run.error or {})["code"] == "worker_lost"
        lost = JournalEntry.objects.filter(run=run, step="greedy", data__error__code="worker_lost")
        assert lost.count() == 2, "each attempt, and no more than the step may have"
        assert carried_out(graph_of("newcomer"), publish).status == "completed"
        assert pool.poll() is None
    said = log.read_text()
    assert said.count("ended with SIGABRT" if group is None else "or memory ran out") == 2


def test_memory_that_is_refused_fails_the_attempt_in_words(
    publish: Publish, own_workers: None, tmp_path: Path
) -> None:
    with (
        running("worker", log=tmp_path / "pool.log", **MODULES),
        running("scheduler", log=tmp_path / "scheduler.log", **MODULES),
    ):
        wait_for(lambda: WorkerProcess.objects.count() == 1)
        process_limit(WorkerProcess.objects.get().pid)
        before = WorkerProcess.objects.get().pk
        run = carried_out(graph_of("newcomer", "greedy"), publish)
        error = run.error or {}
        assert (run.status, error["code"]) == ("failed", "exception")
        assert "MemoryError" in str(error)
        assert carried_out(graph_of("newcomer"), publish).status == "completed"
        assert WorkerProcess.objects.get().pk == before, "the process lives on"

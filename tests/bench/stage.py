"""The product's own processes for a measurement: Valkey, worker processes, a scheduler, daphne."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection
from redis import Redis

from config.operations import embedded_redis
from designer.models import WorkflowVersion
from runs.engine import engine
from runs.engine.creation import Request
from runs.machine.states import RUN_ENDED
from runs.models import Run, WorkerProcess
from tests.bench.parts import running
from tests.bench.references import References
from tests.bench.workloads import steps

MANAGE = (sys.executable, str(settings.BASE_DIR / "manage.py"))
READY_S_MAX = 60.0
END_S_MAX = 300.0
POLL_S = 0.0005
SLOW_POLL_S = 0.005
RQ_WORKERS = "rq:workers"
LOG = "parts.log"


class Stage:
    """An empty database with the workflows of the measurements, and Redis. Parts come and go as needed."""

    def __init__(self, folder: Path, is_quick: bool) -> None:
        self.folder = folder
        self.is_quick = is_quick
        self.versions: dict[str, WorkflowVersion] = steps.publish()
        self.references = References(self.redis, folder)

    @cached_property
    def redis(self) -> Redis:
        return Redis.from_url(settings.REDIS_URL)

    def some(self, count: int, quick: int) -> int:
        return quick if self.is_quick else count

    # --- parts ---

    def part(self, *words: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """A process of the product; stopped in order at the end."""
        return running(words, self.folder / LOG)

    @contextmanager
    def workers(self, processes: int = 1) -> Iterator[subprocess.Popen[bytes]]:
        self.redis.delete(RQ_WORKERS)
        with self.part(*MANAGE, "worker", "--processes", str(processes)) as pool:
            self.wait_for_workers(processes)
            yield pool

    def wait_for_workers(self, processes: int) -> None:
        """Until so many are known and take jobs; those that were killed are no longer known."""
        until = time.monotonic() + READY_S_MAX
        while WorkerProcess.objects.count() != processes or self.redis.scard(RQ_WORKERS) < processes:
            if time.monotonic() > until:
                raise RuntimeError(f"no worker processes; see {self.folder / LOG}")
            time.sleep(SLOW_POLL_S)

    def scheduler(self) -> AbstractContextManager[subprocess.Popen[bytes]]:
        return self.part(*MANAGE, "scheduler")

    # --- runs ---

    def start(self, name: str, input: dict[str, object] | None = None) -> UUID:
        return engine.start_run(self.versions[name], input or {}).pk

    def start_many(self, name: str, count: int, input: dict[str, object] | None = None) -> list[UUID]:
        """By one call."""
        requests = [Request(self.versions[name], input or {}, {})] * count
        return [started.run.pk for started in engine.start_runs(requests)]

    def forget_jobs(self) -> None:
        """Of runs that nobody is to carry out."""
        self.redis.flushdb()

    def wait_for(self, run_id: UUID, poll_s: float = POLL_S) -> str:
        """The status in which a run has ended."""
        return self.wait_for_all([run_id], poll_s)[0]

    def wait_for_all(self, run_ids: Sequence[UUID], poll_s: float = SLOW_POLL_S) -> list[str]:
        until = time.monotonic() + END_S_MAX
        found: list[str] = []
        for run_id in run_ids:
            while (status := status_of(run_id)) not in RUN_ENDED:
                if time.monotonic() > until:
                    raise RuntimeError(f"run {run_id} is still {status}; see {self.folder / LOG}")
                time.sleep(poll_s)
            found.append(status)
        return found


def status_of(run_id: UUID) -> str:
    """Read as cheaply as can be: whoever measures must not be what is measured."""
    key = run_id.hex if connection.vendor == "sqlite" else run_id
    with connection.cursor() as cursor:
        cursor.execute("SELECT status FROM runs_run WHERE id = %s", [key])
        return str(cursor.fetchone()[0])


def forget_runs() -> None:
    """So that a workload is not slowed down by what an earlier one stored."""
    Run.objects.all().delete()


@contextmanager
def redis_server() -> Iterator[None]:
    """The embedded server, as `up` starts it."""
    with running(embedded_redis.command(settings.DATA_DIR), Path(settings.DATA_DIR) / LOG):
        until = time.monotonic() + READY_S_MAX
        while not embedded_redis.answers():
            if time.monotonic() > until:
                raise RuntimeError("Valkey does not start")
            time.sleep(SLOW_POLL_S)
        yield

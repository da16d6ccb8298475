"""RQ's worker, fitted to our jobs: a job is a ring of a bell, used up by the one who takes it.

What becomes of an attempt is in the database, and a lost ring is rung again by the sweep. So none of
RQ's bookkeeping of executions, results, failures and timeouts is done: it would cost several times as
much as a step, and nothing reads it.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

from django.conf import settings
from django.db import close_old_connections
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker, worker_registration
from rq.exceptions import StopRequested
from rq.job import Job
from rq.worker import WorkerStatus

from config.lib.database_errors import is_away
from runs.delivery import queue as run_queue
from workers.process import identity
from workers.process.async_runner import AsyncRunner

BLOCK_S = 30  # one wait for a job; a connection that is lost silently is noticed within it
RQ_MARGIN_S = 15  # RQ blocks for so much less than a worker's time to live
HEARTBEAT_S = 4.0
TAKEN_MAX = 100  # jobs whose records are removed together
JOBS_PER_PROCESS = 1_000  # then another one takes its place, as soon as it has no async step


class RingQueue(Queue):
    """A queue whose jobs are popped, without the copy that RQ keeps of a job that is being taken."""

    @classmethod
    def lmove(cls, connection: Redis, queue_key: str, timeout: int | None) -> tuple[str, str] | None:
        popped: tuple[str, str] | None = cls.lpop([queue_key], timeout, connection=connection)
        return popped


class RingJob(Job):
    """A job as a worker process takes it: of a ring, its id says all, and nothing is read."""

    def refresh(self) -> None:
        dispatch = run_queue.dispatch_of(self.id)
        if dispatch is None:
            super().refresh()  # type: ignore[no-untyped-call]
        else:
            self.func_name, self.args, self.kwargs, self.instance = run_queue.JOB, dispatch, {}, None


class StepWorker(SimpleWorker):
    """Takes jobs until it is asked to stop, then ends after the running one."""

    queue_class = RingQueue
    job_class = RingJob
    max_connection_wait_time = 2.0
    _beat_at = 0.0
    _taken: list[str]
    lane: AsyncRunner
    jobs = 0

    @classmethod
    def listening(cls, queues: Sequence[str], name: str, lane: AsyncRunner) -> StepWorker:
        """`lane`: where async steps go; no job is taken while it is full."""
        connection = Redis.from_url(settings.REDIS_URL)
        worker = cls(
            [RingQueue(queue, connection=connection) for queue in queues],
            name=name,
            connection=connection,
            worker_ttl=BLOCK_S + RQ_MARGIN_S,
            log_job_description=False,
        )
        worker.lane, worker._taken = lane, []
        return worker

    def execute_job(self, job: Job, queue: Queue) -> None:
        self._taken.append(job.key)
        self._state = WorkerStatus.BUSY
        close_old_connections()
        try:
            job.perform()
        except Exception as error:
            self._note_failure(job, error)
        self.lane.wait_for_room(identity.is_stopping)
        self._state = WorkerStatus.IDLE
        self.jobs += 1
        if self.jobs >= JOBS_PER_PROCESS and self.lane.is_empty():
            self._stop_requested = True

    def _note_failure(self, job: Job, error: Exception) -> None:
        if is_away(error):
            self.log.warning(
                "job %s: the database stayed away (%s); the sweep goes on with it", job.id, error
            )
        else:
            self.log.exception("job %s failed; the sweep brings its attempt forward", job.id)

    def end(self) -> None:
        """Let async steps end that are under way; how long that may take is the pool's business."""
        identity.stop()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self.lane.wait_until_empty()

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        identity.stop()
        self._stop_requested = True
        if self.get_state() != WorkerStatus.BUSY:
            raise StopRequested

    def set_state(self, state: str, pipeline: Pipeline | None = None) -> None:
        """Told with the next heartbeat: only RQ's own pages read it."""
        self._state = state

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        if time.monotonic() - self._beat_at < HEARTBEAT_S and len(self._taken) < TAKEN_MAX:
            return
        self._beat_at = time.monotonic()
        taken, self._taken = self._taken, []
        with suppress(RedisError), self.connection.pipeline(transaction=False) as together:
            super().set_state(self._state, pipeline=together)
            super().heartbeat(timeout, together)
            if taken:
                together.delete(*taken)
            together.execute()

    def register_death(self) -> None:
        with suppress(RedisError):
            if self._taken:
                self.connection.delete(*self._taken)
            worker_registration.unregister(self)

    def subscribe(self) -> None:
        """No commands over pub/sub: stopping an attempt is the engine's business."""

    def run_maintenance_tasks(self) -> None:
        """Nothing is kept that would need it."""

    def check_for_suspension(self, burst: bool) -> None:
        """Suspending all workers of a Redis is not offered."""

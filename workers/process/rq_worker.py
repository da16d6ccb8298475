"""RQ's worker, reduced to what dispatches need: a job only says that an attempt can be claimed.

The state of an attempt is in the database, and the sweep dispatches again what was lost. So RQ's bookkeeping
of executions, results, failures and timeouts is left out: it would cost several times as much as a step, and
nothing reads it. What is left of RQ: its queues, its blocking pop over several of them, its registry of
workers, and its handling of signals and of a Redis that goes away.
"""

from __future__ import annotations

import logging
import signal
import time
import zlib
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import Any, ClassVar
from uuid import UUID, uuid4

from django.conf import settings
from django.db import close_old_connections
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError, ResponseError
from rq import Queue, SimpleWorker, worker_registration
from rq.exceptions import NoSuchJobError, StopRequested
from rq.job import Job
from rq.worker import WorkerStatus

from config.lib.database_errors import is_unavailable
from config.lib.errors import Unreadable
from config.lib.json_reader import read_json
from runs.delivery import queue as run_queue
from runs.engine.attempts import Offer
from workers.process import identity
from workers.process.async_runner import AsyncRunner
from workers.process.full_redis import FullRedis

BLOCK_S = 10  # one wait for a job; a connection that is lost silently is noticed within it
RQ_MARGIN_S = 15  # RQ blocks for so much less than a worker's time to live
HEARTBEAT_S = 4.0
SHORT_PAUSE_S = 0.002  # between two jobs of which the second had to wait for the first
TAKEN_MAX = 100  # jobs whose records are deleted together
RECORD_BYTES_MAX = 100_000
NO_JOB = uuid4().hex  # nobody else can know it, and give it a record
FAIR_EVERY = 5  # one pop of so many begins with another list than that of the highest priority
JOBS_PER_PROCESS = 1_000  # then the pool replaces the process, which bounds leaks of workers' code


logger = logging.getLogger(__name__)


class BadRecord(ValueError):
    """The record of a job in Redis is not one that this product writes."""


class DispatchQueue(Queue):
    """A queue whose jobs are popped.

    RQ moves a job to a list of jobs in progress; a lost dispatch is repeated. An id that no job can have
    would end the process; it becomes one that no job has, which RQ passes over.
    """

    full: ClassVar[FullRedis | None] = None  # while Redis takes no writes
    pops: ClassVar[int] = 0

    @classmethod
    def lmove(cls, connection: Redis, queue_key: str, timeout: int | None) -> tuple[str, str] | None:
        return cls.lpop([queue_key], timeout, connection=connection)

    @classmethod
    def lpop(
        cls, queue_keys: Sequence[str], timeout: int | None, connection: Redis | None = None
    ) -> tuple[str, str] | None:
        if cls.full is not None:
            return cls.full.next_job(
                queue_keys[0], lambda wait_s: cls._popped(queue_keys, wait_s, connection)
            )
        return cls._popped(queue_keys, timeout, connection)

    @classmethod
    def _in_turn(cls, queue_keys: Sequence[str]) -> Sequence[str]:
        """The lists in the order in which a job is looked for: by priority, but now and then another first.

        So each list gets its share, however much comes with a higher priority.
        """
        cls.pops += 1
        first, is_fair = divmod(cls.pops, FAIR_EVERY)
        if is_fair or len(queue_keys) < 2:
            return queue_keys
        start = first % len(queue_keys)
        return [*queue_keys[start:], *queue_keys[:start]]

    @classmethod
    def _popped(
        cls, queue_keys: Sequence[str], timeout: int | None, connection: Redis | None
    ) -> tuple[str, str] | None:
        popped = super().lpop(cls._in_turn(queue_keys), timeout, connection=connection)
        if popped is None:
            return None
        queue_key, job_id = (_text(part) for part in popped)
        if run_queue.JOB_ID.fullmatch(job_id):
            return queue_key, job_id
        logger.warning("%s held %.80r, which is no job's id; it is dropped", queue_key, job_id)
        return queue_key, NO_JOB


def _by_priority(queues: Sequence[str]) -> list[str]:
    """The lists of these queues: the highest priority of each queue first, then the next of each."""
    return [part for parts in zip(*map(run_queue.lists_of, queues), strict=True) for part in parts]


class DispatchJob(Job):
    """A job as a worker process takes it.

    The id of a dispatch says all, so its record is not read from Redis. Of any other job only the call is
    read, as JSON, and only a function of `run_queue.JOBS` with plain values is called: to write to Redis must
    not be enough to run code here. `refusal` says why a job is not carried out.
    """

    refusal = ""

    def refresh(self) -> None:
        """Raises NoSuchJobError if the job is gone."""
        dispatch = run_queue.dispatch_of(self.id)
        self.func_name, self.args, self.kwargs, self.instance = run_queue.JOB, dispatch or (), {}, None
        if dispatch is None:
            try:
                self.func_name, self.args = self._call()
            except (BadRecord, ResponseError) as error:
                self.refusal = str(error)

    def _call(self) -> tuple[str, list[Any]]:
        """The function's name and arguments in the job's record. Raises BadRecord."""
        record: Any = self.connection.hget(self.key, "data")
        if record is None:
            raise NoSuchJobError(self.id)
        try:
            unpacked = zlib.decompressobj().decompress(record, RECORD_BYTES_MAX)
            name, instance, args, more = read_json(unpacked)
        except (zlib.error, Unreadable, TypeError, ValueError) as error:
            raise BadRecord("its record is no JSON of a call") from error
        if not isinstance(name, str) or name not in run_queue.JOBS:
            raise BadRecord(f"it calls {name!r:.80}, which is no job of this product")
        if instance is not None or more != {} or not isinstance(args, list) or not all(map(_is_plain, args)):
            raise BadRecord("its call takes only numbers and texts")
        return name, args


def _text(part: str | bytes) -> str:
    return part.decode(errors="replace") if isinstance(part, bytes) else part


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float)


class StepWorker(SimpleWorker):
    """Takes jobs until it is asked to stop, then ends after the running one."""

    queue_class = DispatchQueue
    job_class = DispatchJob
    max_connection_wait_time = 2.0
    _beat_at = 0.0
    _ended_at = 0.0  # when the last job ended, by the monotonic clock
    _pause_s = 0.0  # between that and the job under way
    _taken: list[str]
    async_runner: AsyncRunner
    jobs = 0

    @classmethod
    def listening(cls, queues: Sequence[str], name: str, async_runner: AsyncRunner) -> StepWorker:
        """A worker of these queues. It takes no job while `async_runner` is full."""
        connection = Redis.from_url(settings.REDIS_URL)
        worker = cls(
            [
                DispatchQueue(part, connection=connection, serializer=run_queue.SERIALIZER)
                for part in _by_priority(queues)
            ],
            name=name,
            connection=connection,
            worker_ttl=BLOCK_S + RQ_MARGIN_S,
            log_job_description=False,
            serializer=run_queue.SERIALIZER,
        )
        worker.async_runner, worker._taken = async_runner, []
        return worker

    def execute_job(self, job: Job, queue: Queue) -> None:
        self._pause_s = time.monotonic() - self._ended_at
        self._taken.append(job.key)
        if refusal := getattr(job, "refusal", ""):
            logger.error("job %s is refused and removed: %s", job.id, refusal)
            return
        self._state = WorkerStatus.BUSY
        close_old_connections()
        try:
            job.perform()
        except Exception as error:
            if is_unavailable(error):
                self.log.warning(
                    "job %s: the database stayed away (%s); the sweep goes on with it", job.id, error
                )
            else:
                self.log.exception("job %s failed; the sweep brings its attempt forward", job.id)
        self.async_runner.wait_for_room(identity.is_stopping)
        self._state = WorkerStatus.IDLE
        self._ended_at = time.monotonic()
        self.jobs += 1
        if self.jobs >= JOBS_PER_PROCESS and self.async_runner.is_empty():
            self._stop_requested = True

    def is_likely(self) -> bool:
        return self._pause_s < SHORT_PAUSE_S

    def take(self, count: int) -> list[Offer]:
        """Dispatches that wait in one list, in one round trip; any other job stays there."""
        if DispatchQueue.full is not None:
            return []
        keys = DispatchQueue._in_turn([queue.key for queue in self.queues])
        try:
            popped: Any = self.connection.lmpop(len(keys), *keys, direction="LEFT", count=count)
        except RedisError as error:  # a server before version 7 does not know it
            logger.debug("no jobs are taken along: %s", error)
            return []
        key, ids = popped or (b"", [])
        offers: list[Offer] = []
        source, job_ids = _text(key), [_text(one) for one in ids]
        for place, job_id in enumerate(job_ids):
            dispatch = run_queue.dispatch_of(job_id)
            if dispatch is None:
                self._push_back(source, job_ids[place:])
                break
            self._taken.append(Job.key_for(job_id))
            offers.append(Offer(UUID(dispatch[0]), *dispatch[1:], source=source))
        self.jobs += len(offers)
        return offers

    def put_back(self, offers: Sequence[Offer]) -> None:
        """They go to the front of the lists from which they came."""
        for offer in reversed(offers):
            self._push_back(offer.source, [run_queue.job_id(offer.run_id, offer.step, offer.lease)])

    def _push_back(self, key: str, job_ids: Sequence[str]) -> None:
        with suppress(RedisError):  # the sweep repeats what is lost
            self.connection.lpush(key, *reversed(job_ids))

    def end(self) -> None:
        """Waits for the async steps that are under way; the pool decides how long that may take."""
        identity.stop()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self.async_runner.wait_until_empty()

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Handles SIGTERM: a running step ends first; the wait for a job is broken off."""
        identity.stop()
        self._stop_requested = True
        if self.get_state() != WorkerStatus.BUSY:
            raise StopRequested

    def set_state(self, state: str, pipeline: Pipeline | None = None) -> None:
        """Keeps the state for the next heartbeat; only RQ's own pages read it."""
        self._state = state

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Writes the heartbeat and deletes the records of taken jobs, in one round trip every few seconds."""
        if time.monotonic() - self._beat_at < HEARTBEAT_S and len(self._taken) < TAKEN_MAX:
            return
        self._beat_at = time.monotonic()
        taken, self._taken = self._taken, []
        with suppress(RedisError), self.connection.pipeline(transaction=False) as batch:
            if taken:
                batch.delete(*taken)
            super().set_state(self._state, pipeline=batch)
            super().heartbeat(timeout, batch)
            try:
                batch.execute()
                self._note_writes()
            except ResponseError as error:
                self._note_writes(error)

    def _note_writes(self, refusal: ResponseError | None = None) -> None:
        """Begins or ends the time in which attempts are looked for in the database."""
        was_full, queue = DispatchQueue.full is not None, DispatchQueue
        if refusal and not was_full:
            logger.warning("Redis takes no writes (%s); steps are found in the database meanwhile", refusal)
            queue.full = FullRedis(self.queue_names())
        elif was_full and not refusal:
            logger.warning("Redis takes writes again")
            queue.full = None

    def register_birth(self) -> None:
        """Registers the process with RQ, for its pages; a full Redis keeps no process from working."""
        try:
            super().register_birth()  # type: ignore[no-untyped-call]
        except ResponseError as error:
            self._note_writes(error)

    def register_death(self) -> None:
        with suppress(RedisError):
            if self._taken:
                self.connection.delete(*self._taken)
            worker_registration.unregister(self)

    def subscribe(self) -> None:
        """Does nothing: RQ's commands over pub/sub are not offered; the engine stops attempts."""

    def run_maintenance_tasks(self) -> None:
        """Does nothing: RQ's registries of jobs, which this would clean, are not used."""

    def check_for_suspension(self, burst: bool) -> None:
        """Does nothing: suspending all workers of a Redis is not offered."""

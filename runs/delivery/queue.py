"""Dispatches as RQ jobs: "lease 17 of this step may be claimed". No state is here.

A job only wakes a worker process; the database decides whether the lease can be claimed. So a job may come
twice or late, and the sweep repeats one that is lost.
"""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from redis import Redis, RedisError
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from rq import Queue
from rq.job import Job
from rq.utils import now, utcformat

from config.lib.caches import cached_for_process
from designer.document.limits import DEFAULT_QUEUE
from runs.machine.events import Dispatch
from runs.machine.limits import PRIORITY_MAX, PRIORITY_STANDARD

logger = logging.getLogger(__name__)

JOB = "workers.process.jobs.run_attempt"
MAIL_JOB = "runs.interventions.notifications.send"
REMINDER_JOB = "runs.interventions.reminders.send"
DELIVERY_JOB = "runs.subscriptions.sending.send"
JOBS = frozenset(
    {JOB, MAIL_JOB, REMINDER_JOB, DELIVERY_JOB}
)  # all functions that a worker process calls for a job
JOB_ID = re.compile(r"[0-9A-Za-z_-]{1,200}", re.ASCII)
LEASE = re.compile(r"[0-9]{1,9}", re.ASCII)
RUN = re.compile(r"[0-9a-f]{32}", re.ASCII)
SERIALIZER = "json"  # what Redis holds is data: nothing that is read from it may be code
NO_TIMEOUT = -1  # the worker process stops attempts itself
DISPATCH_TTL_S = 86_400  # of the job's hash, for RQ's pages; the id stays in its queue and is enough to claim
DISPATCHES_PER_CALL = 1_000
RETRY_PAUSE_S = 0.05
TIMEOUT_S = 5.0

_collected: deque[tuple[UUID, Dispatch]] | None = None


@contextmanager
def collect_dispatches() -> Iterator[deque[tuple[UUID, Dispatch]]]:
    """Collects this process's dispatches instead of sending them: it carries the steps out itself."""
    global _collected
    _collected = deque()
    try:
        yield _collected
    finally:
        _collected = None


def dispatch(run_id: UUID, dispatches: Sequence[Dispatch]) -> None:
    """Enqueues a job for each dispatch of a run. Without Redis it only logs: the sweep dispatches again."""
    dispatch_all([(run_id, dispatch) for dispatch in dispatches])


def dispatch_all(
    dispatches: Sequence[tuple[UUID, Dispatch]], at_front: Container[tuple[UUID, str]] = ()
) -> None:
    """As `dispatch`, for several runs at once. `at_front`: run and step of those that go before others."""
    if _collected is not None:
        _collected.extend(dispatches)
        return
    try:
        for list_name, of_list in groupby(sorted(dispatches, key=_list_name), key=_list_name):
            _enqueue(list_name, list(of_list), at_front)
    except RedisError as error:
        logger.warning("%d steps not rung (%s); the sweep rings again", len(dispatches), error)


def enqueue(function: str, job_id: str, *args: int) -> None:
    """Enqueues a call of a function of `JOBS`, by its dotted name. Raises RedisError."""
    queue = _queue(DEFAULT_QUEUE)
    job = Queue.prepare_data(
        function, args=args, job_id=job_id, timeout=NO_TIMEOUT, result_ttl=0, failure_ttl=0
    )
    queue.enqueue_many([job])


def next_jobs() -> dict[str, str | None]:
    """The id of the job that comes next in each queue; None where none waits. Raises RedisError."""
    names = list(settings.RQ_QUEUES)
    with connection().pipeline(transaction=False) as pipeline:
        for name in names:
            for part in lists_of(name):
                pipeline.lindex(Queue.redis_queue_namespace_prefix + part, 0)
        found = iter(pipeline.execute())
    heads = {name: next(filter(None, [next(found) for _ in lists_of(name)]), None) for name in names}
    return {name: head and head.decode() for name, head in heads.items()}


@cached_for_process()
def connection() -> Redis:
    """This process's client. It gives up soon, as the sweep repeats dispatches."""
    retry = Retry(ConstantBackoff(RETRY_PAUSE_S), 1)
    return Redis.from_url(
        settings.REDIS_URL, retry=retry, socket_connect_timeout=TIMEOUT_S, socket_timeout=TIMEOUT_S
    )


def job_id(run_id: UUID, step: str, lease: int) -> str:
    """RQ's id of a job; the same for every dispatch of one lease."""
    return f"{run_id.hex}-{step.replace('[', '-').rstrip(']')}-{lease}"


def dispatch_of(job_id: str) -> tuple[str, str, int] | None:
    """Run, step and lease, the arguments of a dispatch's job, from its id; None for the id of another job."""
    parts = job_id.split("-")
    if len(parts) not in (3, 4) or not RUN.fullmatch(parts[0]) or not LEASE.fullmatch(parts[-1]):
        return None
    run, step, *index = parts[:-1]
    return str(UUID(run)), f"{step}[{index[0]}]" if index else step, int(parts[-1])


def queued_ids(queues: Iterable[str]) -> set[str]:
    """Ids of all jobs that wait in these queues. Raises RedisError."""
    return {job for name in queues for part in lists_of(name) for job in _queue(part).get_job_ids()}


def queue_lengths() -> dict[str, int]:
    """How many jobs wait in each queue. Raises RedisError."""
    return {name: sum(_queue(part).count for part in lists_of(name)) for name in settings.RQ_QUEUES}


def _queue(name: str) -> Queue:
    return Queue(name, connection=connection(), serializer=SERIALIZER)


def list_of(queue: str, priority: int) -> str:
    """The name of the list in Redis for jobs of one queue and priority."""
    return queue if priority == PRIORITY_STANDARD else f"{queue}@{priority}"


def lists_of(queue: str) -> list[str]:
    """The names of a queue's lists, the highest priority first."""
    return [list_of(queue, priority) for priority in range(PRIORITY_MAX, -1, -1)]


def _list_name(dispatch: tuple[UUID, Dispatch]) -> str:
    return list_of(dispatch[1].queue, dispatch[1].priority)


def _enqueue(
    list_name: str, dispatches: list[tuple[UUID, Dispatch]], at_front: Container[tuple[UUID, str]]
) -> None:
    """Writes each job's record, and its id into the list; a thousand jobs are one round trip."""
    key, at = Queue.redis_queue_namespace_prefix + list_name, utcformat(now())
    record: dict[Any, Any] = {**_record(list_name), "created_at": at, "enqueued_at": at}
    for start in range(0, len(dispatches), DISPATCHES_PER_CALL):
        last: list[str] = []
        first: list[str] = []
        with connection().pipeline(transaction=False) as pipeline:
            pipeline.sadd(Queue.redis_queues_keys, key)
            for run_id, dispatch in dispatches[start : start + DISPATCHES_PER_CALL]:
                id = job_id(run_id, dispatch.step, dispatch.lease)
                args = str(run_id), dispatch.step, dispatch.lease
                own = {"data": orjson.dumps((JOB, None, args, {})), "description": f"{JOB}{args}"}
                pipeline.hset(Job.key_for(id), mapping=record | own)
                pipeline.expire(Job.key_for(id), DISPATCH_TTL_S)
                (first if (run_id, dispatch.step) in at_front else last).append(id)
            if last:
                pipeline.rpush(key, *last)
            if first:
                pipeline.lpush(key, *first)
            pipeline.execute()


@cached_for_process()
def _record(list_name: str) -> Mapping[str, Any]:
    """What RQ writes about any dispatch of a list; made once, which takes it longer than a start does."""
    job = _queue(list_name).create_job(
        JOB, job_id="any", timeout=NO_TIMEOUT, ttl=DISPATCH_TTL_S, result_ttl=0, failure_ttl=0
    )
    return {name: value for name, value in job.to_dict().items() if value != ""}

"""Register of worker processes: which exist, and which of them are lost.

There are two signs of life. A heartbeat in the database, by the database's time, works across hosts. A lock
on a file in DATA_DIR works on the process's own host, and there it has the last word, as the system frees the
lock in the instant of death. `runs.engine.engine.process_lost` ends the attempts of a lost process.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.db.models import QuerySet
from django.db.models.functions import Now
from redis import RedisError

from runs.delivery import queue
from runs.models import StepRun, WorkerProcess

HEARTBEAT_S = 5.0
SILENT_AFTER_S = 20.0
LACKS_MAX = 100
NEWER_CODE = "newer version"  # an item of `lacks`; names of workers have no space

ENDS_KEY = "fleet:ends"
ENDS_MAX = 20
ENDS_KEPT_S = 86_400
STEPS_NOTED_MAX = 5

logger = logging.getLogger(__name__)
_locks: dict[str, int] = {}


def register(process_id: str, *, host: str, pid: int, queues: Iterable[str], workers: Iterable[str]) -> None:
    """Registers this process; its lock is held until the process ends or calls `gone`."""
    if process_id not in _locks:
        _locks[process_id] = _hold_lock(process_id)
    facts = {"host": host, "pid": pid, "queues": list(queues), "workers": sorted(workers), "lacks": []}
    try:
        WorkerProcess.objects.update_or_create(
            id=process_id, defaults={**facts, "started_at": Now(), "seen_at": Now()}
        )
    except (DatabaseError, InterfaceError):
        _release_lock(process_id)
        raise


def heartbeat(process_id: str) -> bool:
    """Renews the heartbeat. Returns False if the process was taken for lost and must register again."""
    return WorkerProcess.objects.filter(id=process_id).update(seen_at=Now()) == 1


def note_lacking(process_id: str, worker: str) -> bool:
    """Records that a process met a step whose worker it lacks. Returns False if that was recorded before."""
    row = WorkerProcess.objects.filter(id=process_id).first()
    if row is None or worker in row.lacks or len(row.lacks) >= LACKS_MAX:
        return False
    WorkerProcess.objects.filter(id=process_id).update(lacks=[*row.lacks, worker])
    return True


def is_known(worker: str, queue: str) -> bool:
    """Whether a live process has a worker and serves a queue."""
    return any(worker in row.workers and queue in row.queues for row in lately_seen())


def may_be_newer(queue: str, than: str) -> bool:
    """Whether a live process other than `than` serves a queue and may read rows of newer code."""
    others = lately_seen().exclude(id=than)
    return any(queue in row.queues and NEWER_CODE not in row.lacks for row in others)


def lately_seen() -> QuerySet[WorkerProcess]:
    """Processes that have sent a heartbeat within SILENT_AFTER_S."""
    return WorkerProcess.objects.filter(seen_at__gte=Now() - timedelta(seconds=SILENT_AFTER_S))


def gone(process_id: str) -> None:
    """Removes a process that has ended, or is about to end."""
    WorkerProcess.objects.filter(id=process_id).delete()
    _release_lock(process_id)


def note_end(process_id: str, at: datetime, why: str) -> None:
    """Keeps for ENDS_KEPT_S why the pool ended a process, and what it ran, for fleet and doctor."""
    steps = StepRun.objects.filter(process=process_id).values_list("name", "run__workflow_name", "run_id")
    end = {
        "process": process_id,
        "at": at.isoformat(),
        "why": why,
        "steps": [f"{name} of {workflow}, run {run}" for name, workflow, run in steps[:STEPS_NOTED_MAX]],
    }
    try:
        with queue.connection().pipeline(transaction=False) as pipeline:
            pipeline.lpush(ENDS_KEY, json.dumps(end))
            pipeline.ltrim(ENDS_KEY, 0, ENDS_MAX - 1)
            pipeline.expire(ENDS_KEY, ENDS_KEPT_S)
            pipeline.execute()
    except RedisError as error:
        logger.warning("why worker process %s was ended is not kept: %s", process_id, error)


def recent_ends() -> list[dict[str, Any]]:
    """Processes that the pool ended within the last day, newest first; none while Redis is away."""
    try:
        return [json.loads(end) for end in queue.connection().lrange(ENDS_KEY, 0, -1)]
    except RedisError:
        return []


def lost_processes(at: datetime, *, silence_counts: bool = True) -> list[str]:
    """Ids of registered processes that have died, at the database's time `at`.

    Without `silence_counts` only locks are looked at: after an outage of the database no process could have
    sent a heartbeat.
    """
    silent_since = at - timedelta(seconds=SILENT_AFTER_S)
    rows = WorkerProcess.objects.values_list("id", "seen_at")
    return [
        process_id
        for process_id, seen_at in rows
        if _is_lost(process_id, silence_counts and seen_at < silent_since)
    ]


def _is_lost(process_id: str, silent: bool) -> bool:
    try:
        descriptor = os.open(_lock_path(process_id), os.O_RDONLY)
    except OSError:
        return silent  # the process runs on another host, or with another data folder
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _hold_lock(process_id: str) -> int:
    path = _lock_path(process_id)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _release_lock(process_id: str) -> None:
    _lock_path(process_id).unlink(missing_ok=True)
    descriptor = _locks.pop(process_id, None)
    if descriptor is not None:
        os.close(descriptor)


def forget_locks() -> None:
    """Gives up the copies of locks that a forked child has; the locks stay with the parent."""
    for descriptor in _locks.values():
        os.close(descriptor)
    _locks.clear()


def _lock_path(process_id: str) -> Path:
    return Path(settings.DATA_DIR) / "processes" / process_id.replace("/", "_")

"""Register of worker processes: which exist, and which of them are lost.

There are two signs of life. A heartbeat in the database, by the database's time, works across hosts. A lock
on a file in DATA_DIR works on the process's own host, and there it has the last word, as the system frees the
lock in the instant of death. `runs.engine.engine.process_lost` ends the attempts of a lost process.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.db.models import QuerySet
from django.db.models.functions import Now

from runs.models import WorkerProcess

HEARTBEAT_S = 5.0
SILENT_AFTER_S = 20.0
LACKS_MAX = 100
NEWER_CODE = "newer version"  # an item of `lacks`; names of workers have no space

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


def _lock_path(process_id: str) -> Path:
    return Path(settings.DATA_DIR) / "processes" / process_id.replace("/", "_")

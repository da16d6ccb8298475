"""The fleet: which worker processes exist, and which of them are lost.

All times are the database's. A process also holds a lock on a file in DATA_DIR for as long as it lives:
on its own host that is the better witness, as the system frees it in the instant of its death. Expiring
the leases of a lost process is `runs.engine.engine.process_lost`.
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
NEWER_CODE = "newer version"  # stands in `lacks` like the name of a worker, which has no space

_locks: dict[str, int] = {}


def register(process_id: str, *, host: str, pid: int, queues: Iterable[str], workers: Iterable[str]) -> None:
    """Makes this process known; its lock is held until it ends or `gone` is called in it."""
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
    """False when the process is not known, because somebody took it for lost: register again."""
    return WorkerProcess.objects.filter(id=process_id).update(seen_at=Now()) == 1


def note_lacking(process_id: str, worker: str) -> bool:
    """Keeps that a process met a step whose worker it lacks. False where that was known."""
    row = WorkerProcess.objects.filter(id=process_id).first()
    if row is None or worker in row.lacks or len(row.lacks) >= LACKS_MAX:
        return False
    WorkerProcess.objects.filter(id=process_id).update(lacks=[*row.lacks, worker])
    return True


def is_known(worker: str, queue: str) -> bool:
    """Whether a living process has a worker and listens to a queue."""
    return any(worker in row.workers and queue in row.queues for row in lately_seen())


def may_be_newer(queue: str, than: str) -> bool:
    """Whether a living process other than `than` listens to a queue and has met no newer code."""
    others = lately_seen().exclude(id=than)
    return any(queue in row.queues and NEWER_CODE not in row.lacks for row in others)


def lately_seen() -> QuerySet[WorkerProcess]:
    """Processes that have sent a heartbeat of late."""
    return WorkerProcess.objects.filter(seen_at__gte=Now() - timedelta(seconds=SILENT_AFTER_S))


def gone(process_id: str) -> None:
    """Forgets a process that has ended, or is about to."""
    WorkerProcess.objects.filter(id=process_id).delete()
    _release_lock(process_id)


def lost_processes(at: datetime, *, silence_counts: bool = True) -> list[str]:
    """Ids of known processes that have died without saying so, at the database's time `at`.

    Without `silence_counts`, only what locks tell: nobody could send a heartbeat of late.
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
        return silent  # a process of another host, or of another data folder
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
    claimed = _locks.pop(process_id, None)
    if claimed is not None:
        os.close(claimed)


def _lock_path(process_id: str) -> Path:
    return Path(settings.DATA_DIR) / "processes" / process_id.replace("/", "_")

"""Steps behind a named limit in runs that stand in line, and witnesses of how many are at work.

Of steps it is a locked file each: the kernel lets go of a file's lock with its process, so kill -9 is seen at
once. Of runs it is when they began and ended, by the database's time.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings

from designer.models import Limit, WorkflowVersion
from designer.services.workflows import import_document
from runs.machine.retry_policy import LEASE_GRACE_S
from runs.models import Place, Run, Slot
from workers import worker

NAME = "limited"
LIMIT = "two_at_a_time"
AT_ONCE = 2
STEPS = 3
LINES = ("ann", "bob")
RUNS_AT_ONCE = 3
WORK_S = 0.05
TIMEOUT_S = 3
LEASE_S = TIMEOUT_S + LEASE_GRACE_S
RETRY = {"max_attempts": 50, "initial": 0.1, "max": 1}
FOLDER = "limited"
TOO_MANY = "too-many.txt"


def publish() -> WorkflowVersion:
    Limit.objects.update_or_create(name=LIMIT, defaults={"at_once": AT_ONCE})
    steps = [{"name": f"s{place}", "worker": "keeps_to_limit"} for place in range(STEPS)]
    edges = [{"from": f"s{place}", "to": f"s{place + 1}"} for place in range(STEPS - 1)]
    concurrency = {"limit": RUNS_AT_ONCE, "key": "=input.limited"}
    document = {"schema": 1, "name": NAME, "concurrency": concurrency, "steps": steps, "edges": edges}
    version = import_document(document, publish=True).version
    assert version is not None
    return version


def folder() -> Path:
    """Of all pools: each has a data folder of its own beside it."""
    path = Path(settings.DATA_DIR).parent / FOLDER
    path.mkdir(exist_ok=True)
    return path


@worker("keeps_to_limit", compensation="none", timeout=TIMEOUT_S, retry=RETRY, limit=LIMIT)
def keeps_to_limit() -> dict[str, Any]:
    with at_work() as others:
        if others >= AT_ONCE:
            with (folder() / TOO_MANY).open("a") as found:
                found.write(f"{time.time():.3f}: {others + 1} at work\n")
        time.sleep(WORK_S)
    return {}


@contextmanager
def at_work() -> Iterator[int]:
    """Says with a locked file that this call is at work; gives how many others are."""
    own = folder() / f"{uuid4().hex}.lock"
    with own.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield sum(_is_locked(path) for path in folder().glob("*.lock") if path != own)
        own.unlink()


def _is_locked(path: Path) -> bool:
    try:
        if time.time() - path.stat().st_mtime > LEASE_S:
            return False  # a process that was stopped for so long has lost its lease, and its slot
        with path.open() as other:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    path.unlink(missing_ok=True)  # its process was killed
    return False


def violations() -> Iterator[str]:
    found = folder() / TOO_MANY
    for line in found.read_text().splitlines()[:20] if found.exists() else ():
        yield f"more than {AT_ONCE} at a time: {line}"
    for slot in Slot.objects.all()[:20]:
        yield f"a slot is lost: {slot} of run {slot.run_id}, held: {slot.held}"
    for place in Place.objects.filter(ended_at=None)[:20]:
        yield f"a place in line is lost: {place}, begun at {place.begun_at}"
    for line in LINES:
        yield from _of_line(line)


def _of_line(line: str) -> Iterator[str]:
    """Never too many of its runs were under way, and they began in the order in which they came."""
    runs = Run.objects.filter(workflow_name=NAME, input__limited=line).order_by("started_at")
    times = runs.values_list("started_at", "finished_at", "created_at")
    began = [(start, end, came) for start, end, came in times if start is not None]
    for place, (started_at, _, created_at) in enumerate(began):
        others = sum(end is None or end > started_at for _, end, _ in began[:place])
        if others >= RUNS_AT_ONCE:
            yield f"{others + 1} runs of {line} are under way at {started_at}"
        if place and created_at < began[place - 1][2]:
            yield f"a run of {line} that came at {created_at} began after one that came later"

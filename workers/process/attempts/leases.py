"""Leases that this worker process holds: which attempts it may report, and until when.

Claims are made by one thread at a time, under a lock that also covers the record of them. So the record is
complete whenever the lock is free, and what the database knows beyond it was claimed by a commit whose answer
was lost: `hand_back_unrecorded` gives that back, and another process may take it at once.

A step that is claimed together with a report may have a job in a queue already
(`ClaimedAttempt.is_notified`). The process that takes the job is often this one; `consume_notified`
recognises the job without a query.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from config.lib.caches import register
from runs.engine import engine
from runs.engine.engine import ClaimedAttempt

Key = tuple[UUID, str, int]

NOTIFIED_MAX = 1_000

_claiming = threading.Lock()
_held_until: dict[Key, float] = {}  # seconds of `time.monotonic()`
_notified: dict[Key, bool] = {}  # claimed here, while a job that offers it lies in a queue
register(_held_until.clear)
register(_notified.clear)


@contextmanager
def claiming() -> Iterator[Callable[[ClaimedAttempt, float], None]]:
    """Within it attempts are claimed; each is recorded as held for so many seconds by the call it gives."""
    with _claiming:
        yield _record


def _record(claimed: ClaimedAttempt, lease_s: float) -> None:
    _held_until[_key(claimed)] = time.monotonic() + lease_s
    if claimed.is_notified:
        _notified[_key(claimed)] = True
        if len(_notified) > NOTIFIED_MAX:  # the oldest goes; its job then costs a query, no more
            _notified.pop(next(iter(_notified)), None)


def consume_notified(run_id: UUID, step: str, lease: int) -> bool:
    """Whether a job offers an attempt that this process has claimed without it. True once for each."""
    return _notified.pop((run_id, step, lease), False)


def remaining_s(claimed: ClaimedAttempt, default: float) -> float:
    """Seconds for which an attempt may still be reported; `default` for one that is not recorded here."""
    until = _held_until.get(_key(claimed))
    return default if until is None else until - time.monotonic()


def release(claimed: ClaimedAttempt) -> None:
    """Forgets an attempt that was reported or given up."""
    _held_until.pop(_key(claimed), None)


def hand_back_unrecorded(process_id: str) -> None:
    """Gives back the attempts that the database holds for this process and that are not recorded here."""
    with _claiming:
        engine.hand_back_all(process_id, but=frozenset(_held_until))


def _key(claimed: ClaimedAttempt) -> Key:
    return claimed.run_id, claimed.step, claimed.lease

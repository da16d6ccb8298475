"""The attempts that this process holds; claims are made one at a time, so that none is forgotten."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from uuid import UUID

from runs.engine import engine
from runs.engine.engine import ClaimedAttempt

Key = tuple[UUID, str, int]

NOTIFIED_MAX = 1_000

_claiming = threading.Lock()
_claimed: dict[Key, float] = {}  # until when each may be reported
_notified: dict[Key, bool] = {}  # claimed, while a job that offers it lies in a queue


def taken(
    claim: Callable[[], ClaimedAttempt | None], lease_s: Callable[[ClaimedAttempt], float]
) -> ClaimedAttempt | None:
    """What `claim` claimed, which is known as held from then on, for as long as its lease lasts."""
    with _claiming:
        claimed = claim()
        if claimed is not None:
            _claimed[_key(claimed)] = time.monotonic() + lease_s(claimed)
            if claimed.is_notified:
                _remember(_key(claimed))
        return claimed


def _remember(key: Key) -> None:
    _notified[key] = True
    if len(_notified) > NOTIFIED_MAX:
        _notified.pop(next(iter(_notified)), None)


def comes_in_vain(run_id: UUID, step: str, lease: int) -> bool:
    """Whether a job offers what this process has claimed without it; it is asked once for each."""
    return _notified.pop((run_id, step, lease), False)


def left_s(claimed: ClaimedAttempt, otherwise: float) -> float:
    """Seconds for which an attempt may still be reported; `otherwise`: of one that is not known here."""
    until = _claimed.get(_key(claimed))
    return otherwise if until is None else until - time.monotonic()


def let_go(claimed: ClaimedAttempt) -> None:
    """The attempt is over, or given up."""
    _claimed.pop(_key(claimed), None)


def hand_back_others(process_id: str) -> None:
    """Give back what this process claimed without knowing it: a commit whose answer was lost."""
    with _claiming:
        engine.hand_back_all(process_id, but=frozenset(_claimed))


def _key(claimed: ClaimedAttempt) -> Key:
    return claimed.run_id, claimed.step, claimed.lease

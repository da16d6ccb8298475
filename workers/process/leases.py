"""The attempts that this process holds; claims are made one at a time, so that none is forgotten."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from uuid import UUID

from runs.engine import engine
from runs.engine.engine import Held

Key = tuple[UUID, str, int]

RUNG_MAX = 1_000

_claiming = threading.Lock()
_held: dict[Key, float] = {}  # until when each may be reported
_rung: dict[Key, bool] = {}  # claimed, while a job that offers it lies in a queue


def taken(claim: Callable[[], Held | None], lease_s: Callable[[Held], float]) -> Held | None:
    """What `claim` claimed, which is known as held from then on, for as long as its lease lasts."""
    with _claiming:
        held = claim()
        if held is not None:
            _held[_key(held)] = time.monotonic() + lease_s(held)
            if held.is_rung:
                _remember(_key(held))
        return held


def _remember(key: Key) -> None:
    _rung[key] = True
    if len(_rung) > RUNG_MAX:
        _rung.pop(next(iter(_rung)), None)


def comes_in_vain(run_id: UUID, step: str, lease: int) -> bool:
    """Whether a job offers what this process has claimed without it; it is asked once for each."""
    return _rung.pop((run_id, step, lease), False)


def left_s(held: Held, otherwise: float) -> float:
    """Seconds for which an attempt may still be reported; `otherwise`: of one that is not known here."""
    until = _held.get(_key(held))
    return otherwise if until is None else until - time.monotonic()


def let_go(held: Held) -> None:
    """The attempt is over, or given up."""
    _held.pop(_key(held), None)


def hand_back_others(process_id: str) -> None:
    """Give back what this process claimed without knowing it: a commit whose answer was lost."""
    with _claiming:
        engine.hand_back_all(process_id, but=frozenset(_held))


def _key(held: Held) -> Key:
    return held.run_id, held.step, held.lease

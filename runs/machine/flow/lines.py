"""Rules of lines: which runs of a workflow begin, wait, are refused, or make room. PURE.

`runs.engine.lines` counts the runs and carries out what follows.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from designer.document.flow import WhenFull

BEGUN_AT_ONCE_MAX = 200  # runs of one line that one pass begins

Entry = Literal["begins", "waits", "makes_room", "refused"]


def room(at_once: int | None, rate: int | None, under_way: int, begun: int) -> int:
    """How many more runs of a line may begin now. `begun`: runs that have begun within the rate's time."""
    rooms = [BEGUN_AT_ONCE_MAX]
    rooms += [at_once - under_way] if at_once is not None else []
    rooms += [rate - begun] if rate is not None else []
    return max(0, min(rooms))


def entry(free: int, when_full: WhenFull) -> Entry:
    """What becomes of a run that comes. `free`: the room for it, which is none while others wait."""
    if free > 0:
        return "begins"
    of_full: dict[WhenFull, Entry] = {"queue": "waits", "skip": "refused", "cancel_oldest": "makes_room"}
    return of_full[when_full]


def excess(staying: int, at_once: int | None) -> int:
    """How many of the oldest runs leave, so that a new one finds room when they are gone."""
    return max(0, staying - (at_once or 1) + 1)


def looked_at(begun: list[datetime], rate: int, per: float, somebody_waits: bool) -> datetime | None:
    """When a line is looked at again whose rate counts runs that have begun, the first of them first.

    It lets the next one in when it no longer counts the first of as many as it allows; without anybody who
    waits it is removed when it counts none.
    """
    counted = begun[:rate]
    if not counted:
        return None
    return (counted[0] if somebody_waits else counted[-1]) + timedelta(seconds=per)

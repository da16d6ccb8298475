"""Conditions that last: a queue that stands still, no worker process, failures of one cause. PURE.

Each is told once when it has begun, and again only when it had ended in between. So that one which comes and
goes is not told each time, its end needs more than its beginning lacked. State is JSON, kept with a
subscription; each function returns the state that follows, and what is to be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

Json = dict[str, Any]

STALLED_AFTER = timedelta(minutes=2)
NONE_AFTER = timedelta(seconds=60)
ONLINE_AFTER = timedelta(seconds=60)


def stalled(
    state: Mapping[str, Json], next_jobs: Mapping[str, str | None], at: datetime
) -> tuple[Json, list[str]]:
    """Queues from which nothing was taken for STALLED_AFTER; `next_jobs`: the first job of each.

    One that was told ends with an empty queue, or when it was seen to move twice in a row.
    """
    following, told = {}, []
    for queue, job in next_jobs.items():
        if job is None:
            continue
        before = state.get(queue, {})
        if before.get("job") != job:
            is_told = before.get("told", False) and not before.get("moved", False)
            following[queue] = {"job": job, "since": at.isoformat(), "told": is_told, "moved": True}
            continue
        lasts = at - datetime.fromisoformat(before["since"])
        is_due = lasts >= STALLED_AFTER and not before["told"]
        told += [queue] if is_due else []
        following[queue] = {**before, "told": before["told"] or is_due, "moved": False}
    return following, told


def none_online(state: Mapping[str, Any], online: int, at: datetime) -> tuple[Json, bool]:
    """No worker process for NONE_AFTER; over when there has been one for ONLINE_AFTER."""
    is_none, now = online == 0, at.isoformat()
    since = state.get("since", now) if state.get("none") is is_none else now
    is_told = bool(state.get("told"))
    lasts = at - datetime.fromisoformat(since)
    is_due = is_none and not is_told and lasts >= NONE_AFTER
    if is_told and not is_none and lasts >= ONLINE_AFTER:
        is_told = False
    if not is_none and not is_told:
        return {}, False
    return {"none": is_none, "since": since, "told": is_told or is_due}, is_due


def repeated(state: Mapping[str, Any], counts: Mapping[str, int], least: int) -> tuple[Json, list[str]]:
    """Causes with at least so many failures; one that was told is over when half of them are left."""
    told = [cause for cause, count in counts.items() if count >= least and cause not in state]
    lasting = [cause for cause in state if 2 * counts.get(cause, 0) > least]
    return dict.fromkeys([*lasting, *told], True), told

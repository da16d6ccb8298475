"""Runs a workflow in this process: the same engine, without Redis and worker processes.

Dispatches are collected in memory instead of queues, and due times are waited for here instead of by the
sweep.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from designer.models import Limit
from runs.delivery import queue
from runs.engine import engine, slots
from runs.machine.errors import Stale
from runs.machine.events import Dispatch
from runs.machine.states import RUN_ENDED
from runs.models import Run, Slot, StepRun
from runs.store import reader
from workers.process.jobs import run_attempt

PAUSE_S_MAX = 1.0
Dispatches = deque[tuple[UUID, Dispatch]]


def start_and_run(
    version: Any, input: dict[str, Any], deadline: float | None, key: str | None = None
) -> Iterator[Run]:
    """Starts a run and carries it out until it has ended or waits for a person.

    Yields the run at its start, and again after each step or wait. `deadline` is in seconds of
    `time.monotonic()`.
    """
    with queue.collect_dispatches() as dispatches:
        run = engine.start_run(version, input, idempotency_key=key)
        yield run
        while _work_once(run.pk, dispatches) and (deadline is None or time.monotonic() < deadline):
            yield run


def _work_once(run_id: UUID, dispatches: Dispatches) -> bool:
    """Carries out one step or waits for the next due time. Returns False if there is nothing left to do."""
    if dispatches:
        owner_id, dispatch = dispatches.popleft()  # the run, or one of its children
        run_attempt(str(owner_id), dispatch.step, dispatch.lease)
        return True
    if Run.objects.get(pk=run_id).status in RUN_ENDED:
        return False
    timer = next_timer(run_id)
    if timer is None:
        return False
    due_at, fire = timer
    pause_s = (due_at - reader.now()).total_seconds()
    if pause_s > 0:
        time.sleep(min(pause_s, PAUSE_S_MAX))
    else:
        with suppress(Stale):
            fire()
    return True


def next_timer(run_id: UUID) -> tuple[datetime, Callable[[], None]] | None:
    """Returns the earliest due time of the run and its descendants, and the call to make then."""
    family = {run_id}
    while children := set(Run.objects.filter(parent_id__in=family).values_list("pk", flat=True)) - family:
        family |= children
    timers: list[tuple[datetime, Callable[[], None]]] = [
        (at, partial(engine.wake, owner, name))
        for owner, name, at in StepRun.objects.filter(run_id__in=family, due_at__isnull=False)
        .order_by("due_at")
        .values_list("run_id", "name", "due_at")[:1]
        if at is not None
    ]
    timers += [
        (at, partial(engine.time_out, owner))
        for owner, at in Run.objects.filter(pk__in=family, due_at__isnull=False).values_list("pk", "due_at")
        if at is not None
    ]
    timers += [
        (at, partial(slots.offer, [name], even_if_none_waits=True))
        for name, at in Limit.objects.filter(due_at__isnull=False).values_list("name", "due_at")
        if at is not None and Slot.objects.filter(run_id__in=family, limit_name=name, held=False).exists()
    ]
    return min(timers, key=lambda timer: timer[0], default=None)

"""Runs a workflow in this very process: the same engine, without Redis and worker processes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from runs.delivery import queue
from runs.engine import engine
from runs.machine.errors import Stale
from runs.machine.events import Dispatch
from runs.machine.states import RUN_ENDED
from runs.models import Run, StepRun
from runs.store import reader
from workers.process.jobs import run_attempt

PAUSE_S_MAX = 1.0
Rings = deque[tuple[UUID, Dispatch]]


def start_and_run(version: Any, input: dict[str, Any], deadline: float | None) -> Iterator[Run]:
    """Start a run and carry it out until nothing but people can bring it on.

    Yields the run first, and then after each piece of work. `deadline`: seconds of `time.monotonic()`.
    """
    with queue.collect_dispatches() as dispatches:
        run = engine.start_run(version, input)
        yield run
        while _work_once(run.pk, dispatches) and not _is_over(deadline):
            yield run


def _is_over(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() >= deadline


def _work_once(run_id: UUID, dispatches: Rings) -> bool:
    """Carry out one step or wait for the next due time. False when there is nothing more to do."""
    if dispatches:
        owner, dispatch = dispatches.popleft()
        run_attempt(str(owner), dispatch.step, dispatch.lease)
        return True
    if Run.objects.get(pk=run_id).status in RUN_ENDED:
        return False
    return _wait_for_timer(run_id)


def _wait_for_timer(run_id: UUID) -> bool:
    due = _next_due(run_id)
    if due is None:
        return False
    due_at, bring_forward = due
    pause_s = (due_at - reader.now()).total_seconds()
    if pause_s > 0:
        time.sleep(min(pause_s, PAUSE_S_MAX))
    else:
        with suppress(Stale):
            bring_forward()
    return True


def _next_due(run_id: UUID) -> tuple[datetime, Callable[[], None]] | None:
    """The earliest due time of the run and of its children, and what is to be done then."""
    family = {run_id}
    while children := set(Run.objects.filter(parent_id__in=family).values_list("pk", flat=True)) - family:
        family |= children
    due: list[tuple[datetime, Callable[[], None]]] = [
        (at, partial(engine.wake, owner, name))
        for owner, name, at in StepRun.objects.filter(run_id__in=family, due_at__isnull=False)
        .order_by("due_at")
        .values_list("run_id", "name", "due_at")[:1]
        if at is not None
    ]
    due += [
        (at, partial(engine.time_out, owner))
        for owner, at in Run.objects.filter(pk__in=family, due_at__isnull=False).values_list("pk", "due_at")
        if at is not None
    ]
    return min(due, key=lambda found: found[0], default=None)

"""The next step of a run for a worker process, claimed in the transaction that reports its last one.

It saves a job, and the transaction of a claim, for each step that follows another.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace

from designer.document.graph import Step
from runs.engine.unit_of_work import Unit
from runs.machine.errors import Stale
from runs.machine.events import Claim
from runs.machine.retry_policy import action_of, next_direction, queue_of
from runs.machine.steps.maps import waiting_item


@dataclass(frozen=True, slots=True)
class Continuation:
    """A worker process that offers to carry out the next step: its id and the queues that it serves.

    `workers`: names of the workers that it has; None: all. `soon`: of those that it has, too, but not now;
    their step goes to the front of its queue.
    """

    process: str
    queues: frozenset[str]
    workers: Container[str] | None = None
    soon: Container[str] | None = None


Next = tuple[str, int, bool]
"""The claimed step, its lease, and whether a job for it lies in a queue."""


def claim_next(unit: Unit, done: str, continuation: Continuation) -> Next | None:
    """Claims a step that the unit has just made ready, else a queued item of the map that `done` belongs to.

    Returns None if there is neither, or if the process cannot carry it out. A claim that fails must not take
    the report with it: the step is dispatched then.
    """
    name = ready = _ready_step(unit, continuation)
    # A run that needed the lock has several processes on its map; jobs in the queue bring them its items.
    # So it is with items that need slots.
    if ready is None and not unit.is_locked and unit.state.step(done).map_name is not None:
        item = waiting_item(unit.state, definition_of(unit, done))
        name = item if item is not None and _can_run(unit, item, continuation) else None
    if name is None:
        if continuation.soon is not None:
            unit.first = _ready_step(unit, replace(continuation, workers=continuation.soon, soon=None)) or ""
        return None
    lease = unit.state.step(name).lease + 1
    try:
        unit.take(Claim(unit.at, name, lease, continuation.process))
    except Stale:
        return None
    return name, lease, ready is None


def _ready_step(unit: Unit, continuation: Continuation) -> str | None:
    """The first step that this unit has made ready and that may begin; asks for one slot at most."""
    has_asked = False
    for dispatch in unit.offers:
        if not _can_run(unit, dispatch.step, continuation):
            continue
        if dispatch.limit is None:
            return dispatch.step
        if not has_asked and unit.take_slot(dispatch.step):
            return dispatch.step
        has_asked = True
    return None


def _can_run(unit: Unit, name: str, continuation: Continuation) -> bool:
    step = definition_of(unit, name)
    action = action_of(step, next_direction(step, unit.state.step(name)))
    return queue_of(step, action) in continuation.queues and (
        continuation.workers is None or action.worker in continuation.workers
    )


def definition_of(unit: Unit, name: str) -> Step:
    """The definition of a step, or of the map that an item belongs to."""
    return unit.graph.by_name[unit.state.step(name).map_name or name]

"""Slots of named limits for units of work: what a unit changes about them, and offers after its commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from designer.document.graph import Graph, Step
from runs.delivery import queue
from runs.machine.events import Dispatch
from runs.machine.retry_policy import action_of, held_limit, limit_of, next_direction
from runs.machine.states import State, StepState, StepStatus, UndoStatus
from runs.store import slots
from runs.store.database import database
from runs.store.slots import OFFERED_AT_ONCE_MAX, SlotChange
from runs.store.transactions import transaction_of

UNDO_RANK, FORWARD_RANK = 0, 1


def definition_of(graph: Graph, name: str) -> Step:
    """The definition of a step, or of the map that an item belongs to."""
    return graph.by_name[name.partition("[")[0]]


def limit_wanted(graph: Graph, state: State, name: str) -> str | None:
    """The limit of which the next attempt of a step needs a slot."""
    step = definition_of(graph, name)
    if not step.limits:
        return None
    return limit_of(step, action_of(step, next_direction(step, state.step(name))))


def wish(state: State, name: str, limit: str, at: datetime) -> SlotChange:
    """What a step that may begin now says when it asks for a slot."""
    is_undo = state.step(name).undo == UndoStatus.PENDING
    rank = UNDO_RANK if is_undo else FORWARD_RANK
    return SlotChange(name, "waits", limit, rank=rank, turn_at=slots.turn_of(at, state.run.priority))


def changes(
    graph: Graph, before: State, after: State, open_dispatches: Mapping[str, Dispatch], at: datetime
) -> list[SlotChange]:
    """How the standing of the changed steps towards their limits has changed."""
    if not graph.has_limits:
        return []
    found = []
    for name in dict.fromkeys((*after.changed, *open_dispatches)):
        step = definition_of(graph, name)
        if step.limits and (change := _change(step, name, before, after, open_dispatches.get(name), at)):
            found.append(change)
    return found


def _change(
    step: Step, name: str, before: State, after: State, dispatch: Dispatch | None, at: datetime
) -> SlotChange | None:
    state, stored = after.step(name), before.step(name)
    if dispatch is not None:
        if dispatch.limit is None:
            return SlotChange(name, "none")
        rank = UNDO_RANK if dispatch.is_undo else FORWARD_RANK
        priority = dispatch.priority
        about = (dispatch.limit, dispatch.lease, dispatch.queue, rank, slots.turn_of(at, priority))
        return SlotChange(name, "waits", *about, priority=priority)
    if limit := held_limit(step, state):
        is_new = state.lease != stored.lease
        rank = UNDO_RANK if state.undo == UndoStatus.RUNNING else FORWARD_RANK
        change = SlotChange(name, "holds", limit, state.lease, "", rank, at, state.due_at)
        return change if is_new else None
    stands = _may_stand(state) and after.run.paused_at is None
    is_gone = _may_stand(stored) and not stands and not _is_still_at_work(stored, state)
    return SlotChange(name, "none") if is_gone else None


def _is_still_at_work(stored: StepState, state: StepState) -> bool:
    """Whether a worker is at an attempt of a run that was abandoned meanwhile: it keeps its slot."""
    was_running = stored.status == StepStatus.RUNNING and state.status == StepStatus.CANCELLED
    return was_running or (stored.undo == UndoStatus.RUNNING and state.undo == UndoStatus.ABANDONED)


def _may_stand(state: StepState) -> bool:
    """Whether a step may have a row: it is offered or under way, forward or back."""
    is_due = state.undo == UndoStatus.PENDING and state.due_at is None
    is_forward = state.status in (StepStatus.QUEUED, StepStatus.RUNNING)
    return is_due or is_forward or state.undo == UndoStatus.RUNNING


def touched(graph: Graph, found: Iterable[SlotChange]) -> set[str]:
    """The limits that have a slot less taken, or one more step that waits, by these changes."""
    names: set[str] = set()
    for change in found:
        if change.standing == "none":
            names.update(definition_of(graph, change.step).limits)
        elif change.standing == "waits":
            names.add(change.limit)
    return names


def offer(names: Iterable[str], *, even_if_none_waits: bool = False) -> None:
    """Offers the free slots of these limits to the steps that are next, and dispatches those.

    `even_if_none_waits`: also brings up to date when the limit is looked at again.
    """
    db = database()
    for name in sorted(names):
        while slots.waits(db, name) or even_if_none_waits:
            with transaction_of(db):
                offered = slots.offer(db, name)
            queue.dispatch_all([(one.run_id, _dispatch_of(one)) for one in offered])
            if len(offered) < OFFERED_AT_ONCE_MAX:
                break


def _dispatch_of(one: slots.Offered) -> Dispatch:
    return Dispatch(one.step, one.lease, one.queue, priority=one.priority)


def wait_again(run_id: UUID, step: str, limit: str | None) -> None:
    """Puts a step that came for its slot, and found none, back to those that wait."""
    if limit is not None:
        slots.wait_again(database(), run_id, step)
        offer([limit])


def free_lease(graph: Graph, run_id: UUID, step: str, lease: int) -> None:
    """Frees the slot of an attempt whose report came too late, if it still holds one.

    The attempt of a run that was abandoned holds it until then: its worker was at work.
    """
    limits = definition_of(graph, step).limits
    if limits:
        slots.free_lease(database(), run_id, step, lease)
        offer(limits)

"""Effects of entries about undos: the plan, each undo, and the undos that it releases. PURE.

The plan is a graph within the step states: `undo_after` counts the undos that must end before a step's own
may start, `undo_then` names those that its end releases. A map step takes part in it for its items as a
whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runs.machine.acts import acts_left, cleared, has_acted
from runs.machine.events import Entry
from runs.machine.journal.effects import effect, time_of
from runs.machine.limits import LEFT_NAMES_MAX
from runs.machine.states import State, StepState, UndoStatus, evolve


def plan_undos(state: State, plan: list[str], order: dict[str, Any] | None) -> None:
    """Plans the undos of `plan`. Without an `order`, each waits for the end of the one before it."""
    order = order or {
        name: {"after": int(place > 0), "then": plan[place + 1 : place + 2]}
        for place, name in enumerate(plan)
    }
    for name in plan:
        spec = order[name]
        state.change(
            name,
            undo=UndoStatus.PENDING,
            undo_after=spec["after"],
            undo_then=tuple(spec["then"]),
            undo_released=False,
            undo_verified=False,
            by_fallback=_acts_last(state.step(name)),
            undo_second=False,
            undo_first="",
            undo_output_seq=None,
            phase="undo",
            failures=0,
            asked=0,
            carry_seq=None,
            due_at=None,
        )
        _count_map_undo(state, name, 1, UndoStatus.PENDING)
    for name in order.keys() - set(plan):  # map steps, for whose items as a whole others wait
        state.change(name, undo_after=order[name]["after"], undo_then=tuple(order[name]["then"]))


def plan_late_undo(state: State, entry: Entry) -> None:
    """Plans the undo of a step that ended during the rollback: the undos named in the entry wait for it.

    With `through_map` they wait for the map of the item as a whole; with `in_loop` that counts one turn more.
    """
    waiting, through_map = entry.data["undo"], entry.data.get("through_map", False)
    plan_undos(state, [entry.step], {entry.step: {"after": 0, "then": [] if through_map else waiting}})
    for name in waiting:
        state.change(name, undo_after=state.step(name).undo_after + 1)
    parent = state.step(state.step(entry.step).map_name or "")
    if entry.data.get("in_loop"):
        state.put(evolve(parent, undo_after=parent.undo_after + 1))
    if through_map:
        after, then = parent.undo_after + 1, (*parent.undo_then, *waiting)
        state.put(evolve(parent, undo_after=after, undo_then=then))


def _acts_last(step: StepState) -> bool:
    """Whether the undo of a step begins with its fallback's effect: the latest act comes first."""
    return step.by_fallback if has_acted(step, by_fallback=step.by_fallback) else not step.by_fallback


@effect("compensation.started")
def _undo_started(state: State, entry: Entry) -> None:
    data = entry.data
    state.change(
        entry.step,
        undo=UndoStatus.RUNNING,
        phase=data["direction"],
        undo_attempt=entry.attempt,
        begun_at=entry.at,
        lease=data.get("lease", state.step(entry.step).lease),
        process=data.get("process", ""),
        due_at=time_of(data.get("until")),
    )


@effect("compensation.retry_scheduled")
def _undo_retry(state: State, entry: Entry) -> None:
    data = entry.data
    step = state.step(entry.step)
    if "first" in data:
        step = _turn_to_other_act(state, step, data["first"])
    output = "undo_output_seq" if step.undo_second else "output_seq"
    state.change(
        entry.step,
        undo=UndoStatus.PENDING,
        phase=data["direction"],
        process="",
        due_at=time_of(data["due_at"]),
        error=data.get("error", step.error),
        undo_verified="first" not in data and (step.undo_verified or "verified" in data),
        **({output: entry.seq, **cleared(step)} if "output" in data else {}),
        carry_seq=entry.seq if "asked" in data else step.carry_seq,
        failures=0 if data.get("fresh") else step.failures + data.get("failed", 0),
        asked=0 if data.get("fresh") else step.asked + data.get("asked", 0),
        undo_by=data.get("by", step.undo_by),
    )


def _turn_to_other_act(state: State, step: StepState, first: str) -> StepState:
    """The undo of one act of a step has ended, and that of its other act follows."""
    return state.change(
        step.name,
        **cleared(step),
        by_fallback=not step.by_fallback,
        undo_second=True,
        undo_first=first,
        undo_verified=False,
        carry_seq=None,
        failures=0,
        asked=0,
    )


@effect("compensation.completed")
def _undo_completed(state: State, entry: Entry) -> None:
    undo = UndoStatus(entry.data["undo"])
    if undo == UndoStatus.NONE:  # the verify worker found no effect to undo
        state.change(entry.step, **cleared(state.step(entry.step)))
    if "left" in entry.data:
        count_left(state, entry.step, entry.data["left"], entry.data["left_names"])
    end_undo(state, entry.step, undo)


@effect("compensation.failed")
def _undo_failed(state: State, entry: Entry) -> None:
    state.change(entry.step, undo=UndoStatus.FAILED, process="", due_at=None, error=entry.data["error"])
    if entry.data.get("go_on"):
        _release(state, entry.step)


def end_undo(state: State, name: str, undo: UndoStatus) -> None:
    state.change(name, undo=undo, process="", due_at=None, intervention=None)
    if undo == UndoStatus.ABANDONED:
        count_left(state, name)
    _count_map_undo(state, name, -1, undo)
    _release(state, name)


def count_left(state: State, name: str, last: int | None = None, names: Iterable[str] = ()) -> None:
    """Counts the effects that the last work of a step has left, not fewer than were counted before.

    Without `last`, one for each of its acts that is not undone. What earlier child runs of the step left
    stays counted.
    """
    step = state.step(name)
    last = max(acts_left(step) if last is None else last, step.left_last)
    known = tuple(dict.fromkeys((*names, *step.left_names)))[:LEFT_NAMES_MAX]
    state.change(name, left=step.left - step.left_last + last, left_last=last, left_names=known)


def leave_behind(state: State, name: str) -> None:
    """Marks an effect of an abandoned run as left undone, whether its undo was planned or not."""
    if state.step(name).undo == UndoStatus.NONE:
        state.change(name, undo=UndoStatus.PENDING, undo_released=True)
        _count_map_undo(state, name, 1, UndoStatus.PENDING)
    end_undo(state, name, UndoStatus.ABANDONED)


def _release(state: State, name: str) -> None:
    """Releases, once, the undos that wait for this one; after a map's last item, those of the map too."""
    step = state.step(name)
    if step.undo_released:
        return
    state.put(evolve(step, undo_released=True))
    _release_each(state, step.undo_then)
    parent = state.step(step.map_name or "")
    if step.map_name and parent.undo_after:
        state.put(evolve(parent, undo_after=parent.undo_after - 1))
        if parent.undo_after == 1:
            _release_each(state, parent.undo_then)


def _release_each(state: State, names: tuple[str, ...]) -> None:
    for name in names:
        state.change(name, undo_after=state.step(name).undo_after - 1)


def _count_map_undo(state: State, name: str, by: int, undo: UndoStatus) -> None:
    """Derives the undo status of a map step from its items; one abandoned item makes it abandoned."""
    parent_name = state.step(name).map_name
    if parent_name is None:
        return
    parent = state.step(parent_name)
    left = parent.items_undo + by
    undone = parent.items_undone + (undo in (UndoStatus.COMPENSATED, UndoStatus.RESOLVED))
    is_abandoned = UndoStatus.ABANDONED in (parent.undo, undo)
    at_end = UndoStatus.COMPENSATED if undone else UndoStatus.NONE
    whole = UndoStatus.ABANDONED if is_abandoned else UndoStatus.PENDING if left else at_end
    state.put(evolve(parent, items_undo=left, items_undone=undone, undo=whole))

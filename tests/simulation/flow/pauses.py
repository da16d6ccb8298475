"""Pauses and named limits: who may begin, and what is repeated after a lost message."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from runs.machine.errors import Refused
from runs.machine.events import Pause, Resume
from runs.machine.retry_policy import action_of, held_limit, limit_of, next_direction
from runs.machine.states import RUN_ENDED, RUN_STARTED, StepStatus, UndoStatus
from tests.simulation.memory import Memory
from tests.simulation.model import demand

if TYPE_CHECKING:
    from tests.simulation.simulate import History
    from tests.simulation.units import Job
    from tests.simulation.world import World

LIMIT = "two"
SLOTS = 2


def holders(world: World) -> int:
    """How many attempts hold a slot of the limit, in all runs."""
    return sum(
        held_limit(memory.graph.by_name[step.name.partition("[")[0]], step) == LIMIT
        for memory in world.runs.values()
        for step in memory.rows.values()
        if memory.run.phase != "ended"
    )


def must_wait(world: World, job: Job) -> bool:
    """Whether the step of a job needs a slot, and none is free; it is offered again when one may be."""
    memory = world.runs[job.run]
    step, state = memory.graph.by_name[job.step.partition("[")[0]], memory.state().step(job.step)
    if not step.limits or state.lease + 1 != job.lease:
        return False
    try:
        limit = limit_of(step, action_of(step, next_direction(step, state)))
    except ValueError:  # it has no action in this direction: the job is of nobody
        return False
    if limit != LIMIT or holders(world) < SLOTS:
        return False
    world.seen["waited for a slot"] += 1
    world.for_slots.append(job)
    return True


def check_slots(world: World) -> None:
    demand(holders(world) <= SLOTS, "more attempts hold a slot than the limit has")


def to_child(world: World, child: str, event: Any) -> None:
    """What a parent says to a child run, which may have ended or not be there."""
    if child in world.runs:
        try:
            world.take(child, event)
        except Refused:
            world.seen["refused by a child"] += 1


def pause_children(world: World) -> None:
    """Repeats what was lost: the pause of child runs under way, unless a person has resumed them since."""
    for run, memory in list(world.runs.items()):
        parent = world.runs.get(memory.parent or "")
        since = parent.run.paused_at if parent is not None else None
        if parent is None or since is None or memory.run.status not in RUN_STARTED:
            continue
        if memory.run.paused_at is None and _works_for(parent, memory) and not _was_resumed(memory, since):
            world.seen["a pause repeated"] += 1
            to_child(world, run, Pause(world.now, by_parent=True))


def _works_for(parent: Memory, child: Memory) -> bool:
    step = parent.rows[child.parent_step]
    return step.status == StepStatus.WAITING or (step.undo == UndoStatus.RUNNING and step.due_at is None)


def _was_resumed(child: Memory, since: datetime) -> bool:
    unpaused = (entry for entry in child.journal if entry.type == "run.unpaused" and entry.at >= since)
    return any("by_parent" not in entry.data for entry in unpaused)


def resume_children(world: World) -> None:
    """Repeats what was lost: children that were paused with their parent, which goes on."""
    for run, memory in list(world.runs.items()):
        parent = world.runs.get(memory.parent or "")
        if memory.run.paused_at is not None and parent is not None and parent.run.paused_at is None:
            to_child(world, run, Resume(world.now, by_parent=True))


# --- people ---


def pause(history: History) -> None:
    run = history.some_run()
    may_be = run.run.status in RUN_STARTED and run.run.paused_at is None
    _say(history, run, Pause(history.world.now, "olga"), may_be)
    for name, step in list(run.rows.items()):  # what is answered during a pause begins after it
        if step.intervention is not None and history.rng.random() < 0.5:
            history.answer_intervention(run, name)


def resume(history: History) -> None:
    run = history.some_run()
    _say(history, run, Resume(history.world.now, "olga"), run.run.paused_at is not None)


def _say(history: History, run: Memory, event: Any, may_be: bool) -> None:
    try:
        history.world.take(run.run.id, event)
    except Refused:
        demand(not may_be, f"a person may not {type(event).__name__}")
    else:
        demand(may_be, f"a person may {type(event).__name__} what is not to be")


def resume_by_hand(history: History) -> None:
    """Resumes all runs that a person has paused; the others follow their parents."""
    for memory in list(history.world.runs.values()):
        is_paused = memory.run.paused_at is not None and memory.run.status not in RUN_ENDED
        if is_paused and not memory.run.paused_by_parent:
            _say(history, memory, Resume(history.world.now, "olga"), True)

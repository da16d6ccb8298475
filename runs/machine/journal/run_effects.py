"""Effects of entries about a run as a whole, about signals and about interventions. PURE."""

from __future__ import annotations

from typing import Any

from runs.machine.events import Entry
from runs.machine.journal.effects import effect, time_of
from runs.machine.journal.step_effects import end_early
from runs.machine.journal.undo_effects import count_left, end_undo, leave_behind, plan_undos
from runs.machine.limits import EVENTS_KNOWN_MAX, PRIORITY_STANDARD
from runs.machine.states import RunStatus, State, StepStatus, UndoStatus, evolve


@effect("run.created")
def _created(state: State, entry: Entry) -> None:
    due_at = time_of(entry.data.get("due_at"))
    state.run = evolve(
        state.run,
        total=entry.data["total"],
        depth=entry.data.get("depth", 0),
        outer=entry.data.get("outer"),
        priority=entry.data.get("priority", PRIORITY_STANDARD),
        due_at=due_at,
        trace=entry.data.get("trace", ""),
        again=(again["run"], again["from"]) if (again := entry.data.get("again")) else (),
    )


@effect("run.started")
def _started(state: State, entry: Entry) -> None:
    due_at = time_of(entry.data["due_at"]) if "due_at" in entry.data else state.run.due_at
    state.run = evolve(state.run, started_at=entry.at, due_at=due_at)


@effect("run.compensating")
def _compensating(state: State, entry: Entry) -> None:
    data = entry.data
    state.run = evolve(
        state.run,
        phase="undo",
        final=None,
        finished_at=None,
        due_at=None,
        reason=data["reason"],
        failure=data.get("failure"),
        error=data.get("error"),
        partial="to_step" in data,
        by=data.get("by", ""),
    )
    for name in data.get("cancelled", ()):
        end_early(state, entry, name)
    for name in data.get("remains", ()):
        count_left(state, name)
    plan_undos(state, data["plan"], entry.payload)


@effect("run.blocked")
def _blocked(state: State, entry: Entry) -> None:
    state.run = evolve(state.run, said_blocked=True)


@effect("run.resumed")
def _resumed(state: State, entry: Entry) -> None:
    state.run = evolve(state.run, said_blocked=False)


@effect("run.paused")
def _paused(state: State, entry: Entry) -> None:
    """Touches what would be claimed or due, so that its row says that it is not while the run is paused."""
    by_parent = bool(entry.data.get("by_parent"))
    state.run = evolve(state.run, paused_at=entry.at, paused_by_parent=by_parent)
    _touch_held_up(state)


@effect("run.unpaused")
def _unpaused(state: State, entry: Entry) -> None:
    due_at = time_of(entry.data["due_at"]) if "due_at" in entry.data else state.run.due_at
    state.run = evolve(state.run, paused_at=None, paused_by_parent=False, due_at=due_at)
    _touch_held_up(state)


def _touch_held_up(state: State) -> None:
    for step in state.steps().values():
        is_undo = step.undo == UndoStatus.PENDING and step.undo_after == 0
        if step.status == StepStatus.QUEUED or is_undo or (step.due_at and not step.process):
            state.put(step)


@effect("run.completed", "run.compensated", "run.failed", "run.cancelled")
def _ended(state: State, entry: Entry) -> None:
    state.run = evolve(
        state.run,
        phase="ended",
        final=RunStatus(entry.type.partition(".")[2]),
        error=entry.data.get("error", state.run.error),
        finished_at=entry.at,
        due_at=None,
        paused_at=None,
        paused_by_parent=False,
        said_blocked=False,
    )
    for name in entry.data.get("cancelled", ()):
        end_early(state, entry, name)
    for name in entry.data.get("abandoned", ()):
        leave_behind(state, name)
    for name in entry.data.get("remains", ()):
        count_left(state, name)


@effect("step.expanded")
def _expanded(state: State, entry: Entry) -> None:
    names = entry.data["steps"]
    state.run = evolve(
        state.run,
        added=(*state.run.added, entry.seq),
        added_count=state.run.added_count + len(names),
        total=state.run.total + len(names),
    )
    for name in names:
        state.change(name, added_by=entry.step)


@effect("signal.received")
def _signal(state: State, entry: Entry) -> None:
    """A signal that no step waits for is kept for a step that waits for it later."""
    name, signals = entry.data["name"], dict(state.run.signals)
    if entry.data.get("kept"):
        signals[name] = (*signals.get(name, ()), entry.seq)
    state.run = evolve(state.run, signals=signals)


@effect("event.received")
def _event(state: State, entry: Entry) -> None:
    """A run that has taken an event does not take it again."""
    state.run = evolve(state.run, events=(*state.run.events, entry.data["key"])[-EVENTS_KNOWN_MAX:])


@effect("intervention.opened")
def _opened(state: State, entry: Entry) -> None:
    """A step that failed is blocked; a step that no branch leads on from keeps the status it ended with.

    So does a pivot at which a person is asked about the run as a whole.
    """
    fields: dict[str, Any] = {"intervention": entry.seq}
    if "about" in entry.data:
        fields["about"] = entry.data["about"]
        state.run = evolve(state.run, due_at=None if entry.data["about"] == "timeout" else state.run.due_at)
    elif entry.data.get("ended"):
        fields["error"] = entry.data["error"]
    elif entry.data["kind"] == "step_failed":
        fields |= {"status": StepStatus.BLOCKED, "finished_at": None}
    state.change(entry.step, **fields)


@effect("intervention.claimed")
def _intervention_claimed(state: State, entry: Entry) -> None:
    """The state does not change: the claim is in the row of the intervention."""


@effect("intervention.answered")
def _answered(state: State, entry: Entry) -> None:
    step = state.step(entry.step)
    is_undo = entry.data["kind"] == "compensation_failed"
    patches = "undo_patches" if is_undo else "patches"
    fields: dict[str, Any] = {"intervention": None, "about": ""}
    if step.about == "cancel" and entry.data["answer"] == "skip":
        state.run = evolve(state.run, goes_on=True)
    if entry.payload is not None and entry.data["answer"] == "retry":
        fields[patches] = (*getattr(step, patches), entry.seq)
    state.change(entry.step, **fields)
    if entry.data["answer"] == "abandon" and is_undo:
        end_undo(state, entry.step, UndoStatus.ABANDONED)

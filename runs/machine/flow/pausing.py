"""Pause and resume of a run. PURE.

While a run is paused nothing new starts, forward or back: `settle` adds no consequences, nothing is
dispatched, claims are refused, and no timer is due but the ends of leases. What a person tries again is
queued (`Transition.holds_up`), and maps and loops stay where they are (`maps.go_on`). What is under way ends
and is recorded. All that was held up follows from the state when the run is resumed.
"""

from __future__ import annotations

from runs.machine.errors import Refused
from runs.machine.events import Pause, PauseChild, Resume, ResumeChild
from runs.machine.rollback import plan
from runs.machine.states import RunStatus, StepState, StepStatus, UndoStatus
from runs.machine.steps import maps
from runs.machine.steps.ready import begin_held_up
from runs.machine.transition import Transition


def pause(transition: Transition, event: Pause) -> None:
    run = transition.run
    if run.phase == "ended":
        raise Refused(f"The run has already ended: {run.status.value}.", code="run_ended")
    if run.status == RunStatus.PENDING:
        raise Refused("The run has not begun yet; it waits for its turn anyway.", code="not_begun")
    if run.paused_at is not None:
        raise Refused("The run is paused already.", code="already_paused")
    transition.emit("run.paused", data=_said_by(event))
    for child in _live_children(transition):
        transition.command(PauseChild(child, event.by))


def resume(transition: Transition, event: Resume) -> None:
    """Resumes a run; a child run whose parent goes on only if the parent had paused it."""
    run = transition.run
    if run.paused_at is None or (event.by_parent and not run.paused_by_parent):
        raise Refused("The run is not paused.", code="not_paused")
    data: dict[str, object] = _said_by(event)
    if run.due_at is not None:
        data["due_at"] = (run.due_at + (transition.at - run.paused_at)).isoformat()
    transition.emit("run.unpaused", data=data)
    for child in _live_children(transition):
        transition.command(ResumeChild(child, event.by))
    transition.revisit(transition.graph.by_name)
    transition.was_drained = False  # all undos are looked at, as at the beginning of the walk
    for name in transition.state.steps():
        _go_on(transition, name)


def _said_by(event: Pause | Resume) -> dict[str, object]:
    return {"by": event.by} | ({"by_parent": True} if event.by_parent else {})


def _go_on(transition: Transition, name: str) -> None:
    """Does what was to be done about a step during the pause, unless that of another has ended it."""
    step = transition.step(name)
    if step.status == StepStatus.QUEUED and step.held_up:
        begin_held_up(transition, name)
    elif step.status == StepStatus.QUEUED:
        transition.dispatch(name)
    elif step.status == StepStatus.RUNNING and step.is_map:
        maps.go_on(transition, transition.graph.by_name[name])
    elif _is_undo_due(transition, step):
        plan.start_undo(transition, name)


def _is_undo_due(transition: Transition, step: StepState) -> bool:
    """Whether an undo was put off to a time that has come during the pause."""
    is_due = step.due_at is not None and step.due_at <= transition.at and step.undo == UndoStatus.PENDING
    return is_due and step.undo_after == 0 and not step.is_map and transition.run.is_drained


def _live_children(transition: Transition) -> list[str]:
    """Returns the child runs that do the work of a step, or that are rolled back to undo one."""
    steps = transition.state.steps().values()
    working = [step.waits["child"] for step in steps if step.waits and step.waits.get("for") == "child"]
    return working + [step.child for step in steps if step.child and _is_undone_by_run(step)]


def _is_undone_by_run(step: StepState) -> bool:
    return step.undo == UndoStatus.RUNNING and step.due_at is None  # a worker would hold a lease

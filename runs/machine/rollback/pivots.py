"""Points of no return: what begins a rollback, and whether it may go back over a completed pivot. PURE.

`BEGINNINGS` is the whole list. Once a `pivot` step has completed, a rollback that would begin by itself asks
a person instead (R6.11); only a person who cancels, rolls back or answers `compensate` passes the pivot, and
is told so before (`passed`). Where a parent run acts for a person, that person's name comes with the event
to the child run; an empty name is the system's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from designer.document.graph import Graph
from runs.machine.errors import Refused, Stale
from runs.machine.interventions import open_intervention
from runs.machine.states import Reason, RunState, State, StepState, StepStatus, UndoStatus
from runs.machine.transition import Transition, error_of
from workers.sdk.outcome import Failure

Question = Literal["", "step", "run", "undo"]
Beginning = Literal[
    "step_failed",
    "no_branch",
    "run_timeout",
    "cancel_by_system",
    "cancel_by_person",
    "rollback_by_parent",
    "rollback_by_person",
    "answer",
]


@dataclass(frozen=True, slots=True)
class Rule:
    """How a rollback begins. `reason`: that of the entry `run.compensating`.

    `asks`: whom a person is asked about once a pivot has completed: the `step` that failed, the `run` as a
    whole, or the `undo` of the parent's step. "": it passes the pivot, because a person began it.
    """

    reason: Reason
    asks: Question


PAST_PIVOT = "past_pivot"  # code of the error where a parent's rollback, of itself, has to stop
BEGINNINGS: Mapping[Beginning, Rule] = {
    "step_failed": Rule("failure", "step"),
    "no_branch": Rule("failure", "step"),
    "run_timeout": Rule("timeout", "run"),
    "cancel_by_system": Rule("cancel", "run"),  # as for a child run whose parent's rollback began by itself
    "cancel_by_person": Rule("cancel", ""),
    "rollback_by_parent": Rule("rollback", "undo"),
    "rollback_by_person": Rule("rollback", ""),
    "answer": Rule("failure", ""),
}
RUN_QUESTIONS: Mapping[Reason, str] = {
    "timeout": "The run took longer than its timeout",
    "cancel": "The run it belongs to is being undone",
}
"""The reasons for which a person is asked about a run as a whole, in words."""


def must_ask(run: RunState, beginning: Beginning) -> bool:
    """Whether a rollback that begins so has to ask a person instead."""
    return run.pivot and BEGINNINGS[beginning].asks != ""


def has_passed(run: RunState) -> bool:
    """Whether a pivot has completed in this run, or in a child run that did the work of a step."""
    return run.pivot or run.pivot_below


def passed(graph: Graph, state: State, undo: tuple[str, ...], floor: int = 0) -> tuple[str, ...]:
    """Returns the completed pivots that a rollback would go back over, in order of the graph.

    `undo`: its planned undos; of those, steps whose child run has passed a pivot. `floor`: the entry that
    ended the step to which it goes back.
    """
    own = state.steps_named([step.name for step in graph.steps if step.pivot]) if state.run.pivot else {}
    over = {name for name, step in own.items() if _is_standing(step) and _ended_after(step, floor)}
    steps = state.steps_named(list(undo)).values() if state.run.pivot_below else ()
    over |= {
        step.map_name or step.name for step in steps if step.child_pivot and rolls_child_back(graph, step)
    }
    return tuple(step.name for step in graph.steps if step.name in over)


def _is_standing(step: StepState) -> bool:
    """Whether a pivot has had its effect, which nothing has undone; it may have failed for its output."""
    is_known = step.effect_seq is not None or step.fallback_effect == "done"
    return (step.status == StepStatus.COMPLETED or is_known) and step.undo == UndoStatus.NONE


def _ended_after(step: StepState, floor: int) -> bool:
    """Whether a step ended after entry `floor`, or a person has it tried again."""
    return step.ended_seq is None or step.ended_seq > floor


def rolls_child_back(graph: Graph, step: StepState) -> bool:
    """Whether the undo of a step is the rollback of its child run, not a call of a worker."""
    definition = graph.by_name[step.map_name or step.name]
    return definition.undoes_by_run


# --- questions ---


def ask_about_run(transition: Transition, reason: Reason) -> None:
    """Asks a person whether the run is to be undone, at its last completed pivot; branches go on meanwhile.

    Raises Refused if a person has decided that it goes on, Stale if one is being asked.
    """
    if reason == "cancel" and transition.run.goes_on:
        raise Refused("It has passed its point of no return, and a person let it go on.", code="goes_on")
    pivot = _last_pivot(transition)
    if pivot is None or pivot.intervention is not None:
        raise Stale("a person is asked about the last pivot already")
    message = f"{RUN_QUESTIONS[reason]}, but {pivot.name}, its point of no return, has completed."
    failure = Failure("timeout" if reason == "timeout" else PAST_PIVOT, message)
    open_intervention(transition, pivot.name, "step_failed", failure, about=reason)


def _last_pivot(transition: Transition) -> StepState | None:
    names = [step.name for step in transition.graph.steps if step.pivot]
    pivots = transition.state.steps_named(names).values()
    ended = [step for step in pivots if _is_standing(step) and step.is_done]
    return max(ended, key=lambda step: step.ended_seq or 0, default=None)


def asks_before_undo(transition: Transition, name: str) -> bool:
    """Whether a person has to allow the rollback of the child run that did the work of a step."""
    step = transition.step(name)
    may_pass = bool(transition.run.by or step.undo_by)
    return step.child_pivot and not may_pass and rolls_child_back(transition.graph, step)


def ask_about_undo(transition: Transition, name: str) -> None:
    """Stops the undo of a step, because its child run has passed a pivot, and asks a person."""
    failure = Failure(PAST_PIVOT, f"The run of {name} has passed its point of no return.")
    go_on: dict[str, Any] = {"go_on": True} if transition.graph.continue_compensating else {}
    data = {"error": error_of(failure), **go_on}
    transition.emit("compensation.failed", name, attempt=transition.step(name).undo_attempt, data=data)
    open_intervention(transition, name, "compensation_failed", failure)

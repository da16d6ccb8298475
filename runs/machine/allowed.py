"""The operations that a run accepts in its present state. Pages draw them, `decide` enforces them. PURE."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from designer.document.fields import SIGNAL
from designer.document.graph import Graph
from designer.document.waits import signals_of
from runs.machine.answers import RUN_OPTIONS, Answer, answers_to
from runs.machine.rollback.plan import may_go_back, plan
from runs.machine.states import RunState, State, StepState, StepStatus, UndoStatus
from runs.machine.steps.taking_over import starting_points
from runs.machine.steps.waits import signals_in

FORWARD_ANSWERS = answers_to("step_failed")
BRANCH_ANSWERS = answers_to(
    "step_failed", has_ended=True
)  # of a step that has ended and that no branch leads on from
RUN_ANSWERS = tuple(RUN_OPTIONS)
UNDO_ANSWERS = answers_to("compensation_failed")


PutOff = Literal["time", "retry", "undo"]
"""What comes later: the end of a wait, the next attempt of a step, or that of its undo."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Operations that `decide` would accept; names of steps in `approvals` and `happen_now`, and as keys of
    `interventions`. `again_from`: steps from which the run can be started again."""

    cancel: bool = False
    abandon: bool = False
    rollback: bool = False
    rerun: bool = False
    again_from: tuple[str, ...] = ()
    pause: bool = False
    resume: bool = False
    approvals: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    loops: tuple[str, ...] = ()
    happen_now: tuple[str, ...] = ()
    interventions: dict[str, tuple[Answer, ...]] = field(default_factory=dict)


def answers(state: StepState) -> tuple[Answer, ...]:
    """Returns the answers that the open intervention of a step accepts."""
    if state.about:
        return RUN_ANSWERS
    if state.undo == UndoStatus.FAILED:
        return UNDO_ANSWERS
    return BRANCH_ANSWERS if state.is_done else FORWARD_ANSWERS


def put_off(run: RunState, step: StepState) -> PutOff | None:
    """Returns what of a step comes at a time that a person can bring forward; None if nothing does."""
    waits = step.waits or {}
    if run.phase == "forward" and step.status == StepStatus.WAITING:
        return "time" if waits.get("for") in ("time", "delay") or waits.get("times") else None
    if run.phase == "forward" and step.status == StepStatus.RETRYING:
        return "retry"
    is_delayed = step.undo == UndoStatus.PENDING and step.due_at is not None and step.undo_after == 0
    return "undo" if run.phase == "undo" and run.is_drained and is_delayed else None


def signals_to_come(graph: Graph, state: State) -> frozenset[str]:
    """Returns the signals that steps of the run wait for, or may wait for later."""
    if state.run.phase != "forward":
        return frozenset()
    waits = {step.name: signals for step in graph.steps if (signals := signals_of(step))}
    states = state.steps_named(list(waits))
    to_come = (signals for name, signals in waits.items() if not states[name].is_done)
    return frozenset(signal for signals in to_come for signal in signals)


def may_be_taken(graph: Graph, state: State, signal: str) -> bool:
    """Whether a step may still wait for a signal; one that a dynamic step adds may wait for any.

    No step can wait for what is no signal's name.
    """
    if signal in signals_to_come(graph, state):
        return True
    if not SIGNAL.fullmatch(signal):
        return False
    dynamic = [step.name for step in graph.steps if step.dynamic]
    open_steps = [step for step in state.steps_named(dynamic).values() if not step.is_done]
    return state.run.phase == "forward" and bool(open_steps)


def allowed(graph: Graph, state: State) -> Allowed:
    if state.run.imported:
        return Allowed()
    steps = state.steps()
    waiting = [step for step in steps.values() if step.status == StepStatus.WAITING]
    is_live = state.run.phase != "ended"
    return Allowed(
        cancel=state.run.phase == "forward",
        abandon=is_live,
        rollback=may_go_back(state.run) and bool(plan(graph, state).undo),
        rerun=not is_live,
        again_from=starting_points(graph, state) if state.run.depth == 0 else (),
        pause=is_live and state.run.paused_at is None and state.run.started_at is not None,
        resume=state.run.paused_at is not None,
        approvals=tuple(step.name for step in waiting if (step.waits or {}).get("for") == "approval"),
        loops=tuple(
            step.name
            for step in steps.values()
            if step.is_map
            and step.status == StepStatus.RUNNING
            and state.run.phase == "forward"
            and graph.by_name[step.name].repeats
            and not step.enough
        ),
        signals=tuple(sorted({signal for step in waiting for signal in signals_in(step.waits)})),
        happen_now=tuple(name for name, step in steps.items() if put_off(state.run, step)),
        interventions={name: answers(step) for name, step in steps.items() if step.intervention is not None},
    )

"""Which steps become ready, and how each kind begins. PURE."""

from __future__ import annotations

from collections.abc import Callable

from designer.document.graph import Step
from designer.errors import ExpressionError
from designer.expressions.expressions import condition
from runs.machine.bindings import scope_at
from runs.machine.states import StepStatus
from runs.machine.steps import completion
from runs.machine.steps.child_runs import begin_workflow
from runs.machine.steps.maps import begin_map, retry_items
from runs.machine.steps.waits import begin_approval, begin_wait
from runs.machine.transition import Turn
from workers.sdk.outcome import Failure

GUARD_FALSE = "its condition is false"


def begin_task(turn: Turn, step: Step) -> None:
    turn.queue(step.name)


BEGIN: dict[str, Callable[[Turn, Step], None]] = {
    "task": begin_task,
    "map": begin_map,
    "workflow": begin_workflow,
    "wait": begin_wait,
    "approval": begin_approval,
}


def advance(turn: Turn) -> None:
    """Decide every step whose incoming edges are all decided, until nothing changes."""
    while turn.undecided:
        name = turn.undecided.popleft()
        state = turn.step(name)
        is_open = state.status == StepStatus.PENDING and turn.run.phase == "forward"
        if is_open and state.edges_decided == len(turn.graph.incoming[name]):
            if state.edges_taken or not turn.graph.incoming[name]:
                offer(turn, turn.graph.by_name[name])
            else:
                completion.skip_dead(turn, name)


def offer(turn: Turn, step: Step) -> None:
    """A ready step begins, unless its guard says otherwise."""
    try:
        if step.when and not condition(step.when, scope_at(turn.graph, turn.state, step.name)):
            return completion.pass_on(turn, "step.skipped", step.name, {"reason": GUARD_FALSE})
    except ExpressionError as error:
        return completion.fail(turn, step.name, Failure("bad_expression", str(error)))
    return begin(turn, step)


def begin(turn: Turn, step: Step) -> None:
    try:
        BEGIN[step.kind](turn, step)
    except ExpressionError as error:
        completion.fail(turn, step.name, Failure("bad_expression", str(error)))


def begin_again(turn: Turn, key: str) -> None:
    """An operator has a failed step, or item of a map, tried anew."""
    step, state = turn.definition(key), turn.step(key)
    if state.is_map:
        retry_items(turn, step)
    elif state.map_name is not None or (step.kind == "task" and state.attempt):
        turn.queue(key, fresh=True)
    else:
        offer(turn, step)

"""Which steps become ready, and how each kind begins. PURE."""

from __future__ import annotations

from collections.abc import Callable

from designer.document.graph import Step
from designer.errors import ExpressionError
from designer.expressions.expressions import condition
from runs.machine.bindings import bindings_at
from runs.machine.states import StepStatus
from runs.machine.steps import completion
from runs.machine.steps.child_runs import begin_workflow
from runs.machine.steps.maps import begin_map, retry_items
from runs.machine.steps.waits import begin_approval, begin_wait
from runs.machine.transition import Transition
from workers.sdk.outcome import Failure

GUARD_FALSE = "its condition is false"


def begin_task(transition: Transition, step: Step) -> None:
    transition.queue(step.name)


BEGIN: dict[str, Callable[[Transition, Step], None]] = {
    "task": begin_task,
    "map": begin_map,
    "workflow": begin_workflow,
    "wait": begin_wait,
    "approval": begin_approval,
}


def advance(transition: Transition) -> None:
    """Decide every step whose incoming edges are all decided, until nothing changes."""
    while transition.undecided:
        name = transition.undecided.popleft()
        state = transition.step(name)
        is_open = state.status == StepStatus.PENDING and transition.run.phase == "forward"
        if is_open and state.edges_decided == len(transition.graph.incoming[name]):
            if state.edges_taken or not transition.graph.incoming[name]:
                offer(transition, transition.graph.by_name[name])
            else:
                completion.skip_dead(transition, name)


def offer(transition: Transition, step: Step) -> None:
    """A ready step begins, unless its guard says otherwise."""
    try:
        if step.when and not condition(step.when, bindings_at(transition.graph, transition.state, step.name)):
            return completion.settle_edges(transition, "step.skipped", step.name, {"reason": GUARD_FALSE})
    except ExpressionError as error:
        return completion.fail(transition, step.name, Failure("bad_expression", str(error)))
    return begin(transition, step)


def begin(transition: Transition, step: Step) -> None:
    try:
        BEGIN[step.kind](transition, step)
    except ExpressionError as error:
        completion.fail(transition, step.name, Failure("bad_expression", str(error)))


def begin_again(transition: Transition, key: str) -> None:
    """An operator has a failed step, or item of a map, tried anew."""
    step, state = transition.definition(key), transition.step(key)
    if state.is_map:
        retry_items(transition, step)
    elif state.map_name is not None or (step.kind == "task" and state.attempt):
        transition.queue(key, fresh=True)
    else:
        offer(transition, step)

"""Maps: items that run in parallel, the window of those under way, and the end. PURE.

At most `window_of` items are queued or running. An item that ends queues the next one, so a large map neither
floods the queues nor needs a rule that looks at all items.
"""

from __future__ import annotations

from typing import Any

from designer.document.graph import Step
from runs.machine.acts import is_unknown
from runs.machine.interventions import close_intervention
from runs.machine.retry_policy import MAP_WINDOW, failure_of
from runs.machine.rollback import plan
from runs.machine.states import State, StepState, StepStatus
from runs.machine.steps import completion
from runs.machine.transition import Transition
from workers.sdk.outcome import Failure

CAN_ONLY_FAIL = "Too many other items have failed, so the map fails whatever the answer is."


def window_of(step: Step) -> int:
    """Returns how many items may be under way at a time."""
    return step.max_concurrency or MAP_WINDOW


def waiting_item(state: State, step: Step) -> str | None:
    """Returns the first unclaimed item of those that were queued with the map; None if there is none."""
    count = min(window_of(step), state.step(step.name).items_total or 0)
    items = state.steps_named([f"{step.name}[{index}]" for index in range(count)])
    return next((name for name, item in items.items() if item.status == StepStatus.QUEUED), None)


def item_completed(transition: Transition, step: Step, key: str, output: Any) -> None:
    data: dict[str, Any] = plan.late_plan(transition, key, {}) if transition.run.phase == "undo" else {}
    data |= transition.duration(key)
    transition.emit("step.completed", key, attempt=transition.step(key).attempt, payload=output, data=data)
    item_ended(transition, step)


def item_ended(transition: Transition, step: Step) -> None:
    """Queues the next item, or ends the map after the last one."""
    state = transition.step(step.name)
    if transition.run.phase == "undo" or state.status != StepStatus.RUNNING:
        return
    if not is_failing(state, step) and _queue_next(transition, step):
        return
    if state.items_open == 0:
        end_map(transition, step)


def is_failing(state: StepState, step: Step) -> bool:
    """Whether more items of a map have failed than it tolerates; then no further attempt makes sense."""
    return state.items_failed > step.tolerate


def _queue_next(transition: Transition, step: Step) -> bool:
    """Queues the next item that has not begun or is to run again. Returns whether there is one."""
    state = transition.step(step.name)
    again = [] if state.again_seq is None else transition.state.payload(state.again_seq)
    if state.again_next < len(again):
        transition.queue_again(again[state.again_next], item="again")
    elif state.items_next < (state.items_total or 0):
        transition.queue(f"{step.name}[{state.items_next}]", item="next")
    else:
        return False
    return True


def end_map(transition: Transition, step: Step) -> None:
    state = transition.step(step.name)
    if not is_failing(state, step):
        return completion.complete(transition, step.name)
    message = f"{state.items_failed} of {state.items_total} items of {step.name} failed; {step.tolerate} may."
    return completion.fail(transition, step.name, Failure("items_failed", message))


def item_failed(
    transition: Transition, step: Step, key: str, failure: Failure, output: Any, **effect: Any
) -> None:
    """Fails one item for good; past the tolerated number the queued items are cancelled."""
    is_forward = transition.run.phase == "forward"
    is_one_too_many = is_forward and transition.step(step.name).items_failed == step.tolerate
    data = completion.failure_data(failure, **effect)
    if not is_forward:
        data = data | plan.late_plan(transition, key, data)
    elif is_one_too_many:
        cancelled = _queued_items(transition, step, key)
        data = {**data, "cancelled": cancelled} if cancelled else data
    transition.emit("step.failed", key, attempt=transition.step(key).attempt, payload=output, data=data)
    if is_one_too_many:
        _close_questions(transition, step)
    item_ended(transition, step)


def _close_questions(transition: Transition, step: Step) -> None:
    """Gives up the items that a person is asked about: their map can only fail, whatever the answer."""
    for item in transition.state.items(step.name).values():
        if item.is_asked_about:
            close_intervention(transition, item.name, "compensate", note=CAN_ONLY_FAIL)
            data = completion.failure_data(failure_of(item), unknown=is_unknown(item))
            transition.emit("step.failed", item.name, attempt=item.attempt, data=data)


def skip_item(transition: Transition, step: Step, key: str, failure: Failure, *, unknown: bool) -> None:
    """Lets the map go on without an item, which does not count as failed."""
    data = completion.failure_data(failure, unknown=unknown, tolerated=True)
    transition.emit("step.failed", key, attempt=transition.step(key).attempt, data=data)
    item_ended(transition, step)


def _queued_items(transition: Transition, step: Step, except_key: str) -> list[str]:
    stoppable = (StepStatus.QUEUED, StepStatus.RETRYING)
    items = transition.state.items(step.name).values()
    return [item.name for item in items if item.status in stoppable and item.name != except_key]


def retry_items(transition: Transition, step: Step) -> None:
    """Runs the items of a failed map that did not complete again, as many at a time as the window holds."""
    items = sorted(transition.state.items(step.name).values(), key=lambda item: item.index)
    again = [item.name for item in items if item.status in (StepStatus.FAILED, StepStatus.CANCELLED)]
    transition.emit("step.started", step.name, data={"again": len(again)}, payload=again)
    while transition.step(step.name).items_open < window_of(step) and _queue_next(transition, step):
        pass

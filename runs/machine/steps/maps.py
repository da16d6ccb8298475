"""Maps and loops: items that run side by side, or turn after turn, up to the end. PURE.

At most `window_of` items are under way. An item that ends begins the next one, so a large map neither floods
the queues nor needs a rule that looks at all items. A turn of a loop is an item; `loops` says whether another
one follows. A worker process does the work of an item, or a run of its own.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from designer.document.graph import Step
from runs.machine.acts import is_unknown
from runs.machine.events import CancelChild
from runs.machine.interventions import close_intervention
from runs.machine.retry_policy import MAP_WINDOW, failure_of
from runs.machine.rollback import plan
from runs.machine.states import State, StepState, StepStatus
from runs.machine.steps import completion, loops, started_runs
from runs.machine.transition import Transition
from workers.sdk.outcome import Failure

NOT_NEEDED = "Enough other items have completed, so the map completes whatever the answer is."
CAN_ONLY_FAIL = "Too many other items have failed, so the map fails whatever the answer is."


def window_of(step: Step) -> int:
    """Returns how many items may be under way at a time."""
    return 1 if step.repeats else step.max_concurrency or MAP_WINDOW


def tolerated(state: StepState, step: Step) -> int:
    """Returns how many items of a map that has begun may fail."""
    total = state.items_total or 0
    if step.needed is not None:
        return total - step.needed
    if isinstance(step.tolerate, int):
        return step.tolerate
    return int(total * float(step.tolerate.rstrip(" %")) / 100)


def is_failing(state: StepState, step: Step) -> bool:
    """Whether more items have failed than are tolerated; then no further attempt makes sense."""
    return not state.enough and state.items_failed > tolerated(state, step)


def is_decided(state: StepState, step: Step) -> bool:
    """Whether a map comes to the same whatever becomes of a further item: it fails, or has enough of them."""
    return is_failing(state, step) or (state.enough and step.needed is not None)


def waiting_item(state: State, step: Step) -> str | None:
    """Returns the first unclaimed item of those that were queued with the map; None if there is none."""
    count = min(window_of(step), state.step(step.name).items_total or 0)
    items = state.steps_named([f"{step.name}[{index}]" for index in range(count)])
    return next((name for name, item in items.items() if item.status == StepStatus.QUEUED), None)


# --- items begin ---


def go_on(transition: Transition, step: Step) -> None:
    """Begins items until the window is full, or ends the map or loop after the last one.

    An item that fails as it begins calls this again; the call under way goes on then, without recursion.
    While the run is paused nothing follows; `pausing.resume` calls this.
    """
    if step.name in transition.filling or transition.run.paused_at is not None:
        return
    transition.filling.add(step.name)
    try:
        while _has_room(transition, step) and _begin_next(transition, step):
            pass
    finally:
        transition.filling.discard(step.name)
    if transition.step(step.name).status == StepStatus.RUNNING and not transition.step(step.name).items_open:
        end_map(transition, step)


def _has_room(transition: Transition, step: Step) -> bool:
    state = transition.step(step.name)
    is_going_on = state.status == StepStatus.RUNNING and transition.run.phase == "forward"
    return is_going_on and state.items_open < window_of(step) and not is_failing(state, step)


def _begin_next(transition: Transition, step: Step) -> bool:
    """Begins the next item that has not begun or is to run again. Returns whether there is one."""
    state = transition.step(step.name)
    again = [] if state.again_seq is None else transition.state.payload(state.again_seq)
    if state.again_next < len(again):
        begin_again(transition, step, again[state.again_next], item="again")
    elif step.repeats:
        return _begin_turn(transition, step)
    elif not state.enough and state.items_next < (state.items_total or 0):
        _begin_item(transition, step, f"{step.name}[{state.items_next}]", item="next")
    else:
        return False
    return True


def _begin_item(transition: Transition, step: Step, key: str, **data: Any) -> None:
    """Begins an item. `data`: how it enters its map; nothing for one that has entered."""
    if step.starts_runs:
        fail = partial(_cannot_begin, transition, step, key, data)
        started_runs.begin(transition, step, key, fail, **data)
    else:
        transition.queue(key, **data)


def begin_again(transition: Transition, step: Step, key: str, **data: Any) -> None:
    """Begins an item that a person tries again."""
    if step.starts_runs:
        _begin_item(transition, step, key, fresh=True, **data)
    else:
        transition.queue_again(key, **data)


def try_again(transition: Transition, step: Step, key: str) -> None:
    """Begins the next attempt of an item whose delay is over."""
    _begin_item(transition, step, key)


def _cannot_begin(
    transition: Transition, step: Step, key: str, data: dict[str, Any], failure: Failure
) -> None:
    if data:  # it is counted among the items before it fails
        transition.emit("step.queued", key, data={"direction": "forward", **data})
    item_failed(transition, step, key, failure, None)


def _begin_turn(transition: Transition, step: Step) -> bool:
    """Begins the next turn of a loop, or schedules it. Returns False if there is none."""
    is_begun = False

    def begin() -> None:
        nonlocal is_begun
        turn = loops.next_turn(transition, step)
        if isinstance(turn, Failure):
            return completion.fail(transition, step.name, turn)
        if turn is None:
            return completion.complete(transition, step.name)
        is_begun = True
        key = f"{step.name}[{transition.step(step.name).items_total}]"
        if turn.due_at is None:
            return _begin_item(transition, step, key, item="turn")
        data = {"for": "delay", "until": turn.due_at.isoformat(), "item": "turn"}
        transition.emit("step.waiting", key, data=data)
        return None

    def fail(failure: Failure) -> None:
        nonlocal is_begun
        is_begun = False
        completion.fail(transition, step.name, failure)

    transition.guarded(step.name, begin, fail)
    return is_begun


# --- items end ---


def item_completed(transition: Transition, step: Step, key: str, output: Any, **data: Any) -> None:
    data |= plan.late_plan(transition, key, data) if transition.run.phase == "undo" else {}
    data |= transition.duration(key)
    if step.repeats:
        data["lays"] = step.output_key or True
    state = transition.step(step.name)
    is_last_needed = step.needed is not None and state.items_done + 1 == step.needed and not state.enough
    is_last_needed &= transition.run.phase == "forward"
    if is_last_needed:
        data |= {"enough": True, **_stopped(transition, step, key)}
    transition.emit("step.completed", key, attempt=transition.step(key).attempt, payload=output, data=data)
    if is_last_needed:
        _close_questions(transition, step, NOT_NEEDED)
    item_ended(transition, step)


def item_ended(transition: Transition, step: Step) -> None:
    """Begins the next item, or ends the map or loop after the last one."""
    state = transition.step(step.name)
    if transition.run.phase == "forward" and state.status == StepStatus.RUNNING:
        go_on(transition, step)


def end_map(transition: Transition, step: Step) -> None:
    state = transition.step(step.name)
    has_enough = step.needed is None or state.enough or state.items_done >= step.needed
    if has_enough and not is_failing(state, step):
        return completion.complete(transition, step.name)
    if step.repeats:
        turn = transition.step(f"{step.name}[{(state.items_total or 1) - 1}]")
        told = failure_of(turn)
        message = f"Turn {turn.index + 1} of {step.name} failed: {told.message}"
        return completion.fail(transition, step.name, Failure(told.code, message, cause=told.cause))
    total, may = state.items_total, tolerated(state, step)
    message = f"{state.items_failed} of {total} items of {step.name} failed; {may} may."
    if not has_enough:
        message = f"{state.items_done} of {total} items of {step.name} completed; it needs {step.needed}."
    return completion.fail(transition, step.name, Failure("items_failed", message))


def item_failed(
    transition: Transition, step: Step, key: str, failure: Failure, output: Any, **effect: Any
) -> None:
    """Fails one item for good; past the tolerated number the others are stopped."""
    is_forward, state = transition.run.phase == "forward", transition.step(step.name)
    is_one_too_many = is_forward and not state.enough and state.items_failed == tolerated(state, step)
    data = completion.failure_data(failure, **effect)
    if not is_forward:
        data = data | plan.late_plan(transition, key, data)
    elif is_one_too_many:
        data |= _stopped(transition, step, key)
    elif state.enough:
        data["tolerated"] = True
    transition.emit("step.failed", key, attempt=transition.step(key).attempt, payload=output, data=data)
    if is_one_too_many:
        _close_questions(transition, step, CAN_ONLY_FAIL)
    item_ended(transition, step)


def _close_questions(transition: Transition, step: Step, note: str) -> None:
    """Gives up the items that a person is asked about: their map is decided, whatever the answer."""
    enough: dict[str, Any] = {"tolerated": True} if transition.step(step.name).enough else {}
    for item in transition.state.items(step.name).values():
        if item.is_asked_about:
            close_intervention(transition, item.name, "compensate", note=note)
            data = completion.failure_data(failure_of(item), unknown=is_unknown(item), **enough)
            transition.emit("step.failed", item.name, attempt=item.attempt, data=data)


def skip_item(transition: Transition, step: Step, key: str, failure: Failure, *, unknown: bool) -> None:
    """Lets the map go on without an item, which does not count as failed."""
    data = completion.failure_data(failure, unknown=unknown, tolerated=True)
    transition.emit("step.failed", key, attempt=transition.step(key).attempt, data=data)
    item_ended(transition, step)


def _stopped(transition: Transition, step: Step, except_key: str) -> dict[str, Any]:
    """Returns, as data, the items that are cancelled because the map is decided; runs under way are told."""
    stoppable, cancelled = (StepStatus.QUEUED, StepStatus.RETRYING), []
    for item in transition.state.items(step.name).values():
        child = (item.waits or {}).get("child")
        if item.status in stoppable and item.name != except_key:
            cancelled.append(item.name)
        elif item.status == StepStatus.WAITING and child and item.name != except_key:
            transition.command(CancelChild(child, "compensate"))
    return {"cancelled": cancelled} if cancelled else {}


def retry_items(transition: Transition, step: Step) -> None:
    """Runs the items that did not complete again, within the window; of a loop the last turn."""
    items = sorted(transition.state.items(step.name).values(), key=lambda item: item.index)
    items = items[-1:] if step.repeats else items
    again = [item.name for item in items if item.status in (StepStatus.FAILED, StepStatus.CANCELLED)]
    transition.emit("step.started", step.name, data={"again": len(again)}, payload=again)
    go_on(transition, step)


# --- loops ---


def delay_over(transition: Transition, key: str) -> None:
    """Begins a turn whose delay is over."""
    _begin_item(transition, transition.definition(key), key)


def end_loop(transition: Transition, step: Step, by: str) -> None:
    """Ends a loop after the turn under way, or at once where the next one has not begun."""
    turn = transition.step(f"{step.name}[{(transition.step(step.name).items_total or 1) - 1}]")
    is_delayed = (turn.waits or {}).get("for") == "delay" and turn.status == StepStatus.WAITING
    stopped = (
        {"cancelled": [turn.name]}
        if is_delayed
        or turn.status
        in (
            StepStatus.QUEUED,
            StepStatus.RETRYING,
        )
        else {}
    )
    transition.emit("step.enough", step.name, data={"by": by, **stopped})
    item_ended(transition, step)

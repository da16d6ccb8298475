"""Steps become ready and begin, by the rules of their kinds. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from importlib import import_module

from designer.document.graph import Step
from designer.document.kinds import KINDS
from runs.machine.bindings import bindings_at
from runs.machine.conditions import holds
from runs.machine.states import StepStatus
from runs.machine.steps import completion, maps, waits
from runs.machine.steps.kinds import Rules
from runs.machine.transition import Transition

GUARD_FALSE = "its condition is false"

RULES: Mapping[str, Rules] = {kind: import_module(f"runs.machine.steps.kinds.{kind}").RULES for kind in KINDS}


def advance(transition: Transition) -> None:
    """Offers or skips every pending step whose incoming edges are all decided, until nothing changes."""
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
    """Begins a ready step; a false guard skips it. Data that its guard or its kind cannot use fails it."""
    if transition.holds_up(step.name):
        return

    def begin() -> None:
        if step.when and not holds(step.when, bindings_at(transition.graph, transition.state, step.name)):
            completion.settle_edges(transition, "step.skipped", step.name, {"reason": GUARD_FALSE})
        else:
            RULES[step.kind].begin(transition, step)

    transition.guarded(step.name, begin, partial(completion.fail, transition, step.name))


def try_again(transition: Transition, key: str) -> None:
    """Begins the next attempt of a step, or of an item, whose delay is over."""
    step, state = transition.definition(key), transition.step(key)
    if not step.starts_runs:
        transition.queue(key, state.phase)
    elif state.map_name is not None:
        maps.try_again(transition, step, key)
    else:
        begin, fail = (
            partial(RULES[step.kind].begin, transition, step),
            partial(completion.fail, transition, key),
        )
        transition.guarded(key, begin, fail)


def begin_again(transition: Transition, key: str) -> None:
    """Tries a failed step, or item of a map, again: it is resumed, or offered anew."""
    step = transition.definition(key)
    if not RULES[step.kind].resume(transition, step, key):
        offer(transition, step)


def begin_held_up(transition: Transition, key: str) -> None:
    """Begins what was to begin during a pause."""
    if transition.step(key).map_name is None:
        offer(transition, transition.graph.by_name[key])
    else:
        maps.try_again(transition, transition.definition(key), key)


def wait_over(transition: Transition, key: str) -> None:
    """Ends the waiting of a step that is due, or of a turn of a loop."""
    if is_delayed(transition, key):
        return maps.delay_over(transition, key)
    step = transition.definition(key)
    return RULES[step.kind].expire(transition, step)


def is_delayed(transition: Transition, key: str) -> bool:
    """Whether it is a turn of a loop that begins after a delay."""
    return (transition.step(key).waits or {}).get("for") == "delay"


def time_comes(transition: Transition, key: str) -> None:
    """Ends a wait for a time, or the earliest one of a wait for several things, before it has come."""
    step = transition.definition(key)
    if step.any_of is None:
        completion.complete(transition, key)
    else:
        waits.take(transition, step, waits.next_time(transition.step(key).waits or {}))

"""The beginning of a run that does the work of a step, or of an item of a map or loop. PURE.

Such a run is one of another workflow, or of the body of the step; what began it waits for its end, which
`child_runs` handles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from designer.document.graph import Step
from designer.expressions.budget import weight
from designer.expressions.expressions import resolve
from runs.machine.bindings import bindings_at, item_bindings, item_of, laid_over
from runs.machine.events import StartChild, child_id
from runs.machine.limits import COMPUTED_WEIGHT_MAX, DEPTH_MAX
from runs.machine.transition import Transition, keepable
from workers.sdk.outcome import Failure

Fail = Callable[[Failure], None]


def begin(transition: Transition, step: Step, key: str, fail: Fail, **data: Any) -> None:
    """Begins the run of a step, or of an item; data that it cannot use fails that one alone, by `fail`.

    `data`: of the entry, how the item enters its map; see `Transition.queue`.
    """
    if transition.holds_up(key, **data):
        return
    if transition.run.depth + 1 > DEPTH_MAX:
        message = f"{key} would be a run {DEPTH_MAX + 1} levels deep; the limit is {DEPTH_MAX}"
        fail(Failure("too_deep", message))
    else:
        transition.guarded(key, partial(_begin, transition, step, key, data), fail)


def _begin(transition: Transition, step: Step, key: str, data: dict[str, Any]) -> None:
    run_input, own, shared = _input(transition, step, key)
    stored = run_input if own is None else own
    for value in (stored, shared):
        weight(value, COMPUTED_WEIGHT_MAX)  # a value that is put in at many places is not encoded first
    keepable(stored, f"the input of {key}")
    attempt = transition.step(key).attempt + 1
    child, body = child_id(transition.run.id, key, attempt), step.name if step.body is not None else ""
    what = {"body": body} if body else {"workflow": step.workflow}
    detached = {"detached": True} if step.detached else {}
    entry = {"for": "child", "child": child, **what, **detached, **data}
    transition.emit("step.waiting", key, attempt=attempt, data=entry, payload=shared)
    map_name = transition.step(key).map_name
    outer = transition.step(map_name).outer_seq if map_name else 0
    transition.command(
        StartChild(
            key,
            child,
            step.workflow or "",
            step.version,
            run_input,
            body=body,
            timeout=step.timeout,
            detached=step.detached,
            own=own,
            outer=None if own is None else outer,
        )
    )


Given = tuple[dict[str, Any], dict[str, Any] | None, dict[str, Any] | None]
"""The input of a run; its own part, if only that is stored with it; and what the items behind it share."""


def _input(transition: Transition, step: Step, key: str) -> Given:
    """Returns the input of the run: of a body the context with what the step states laid over it.

    A run of another workflow gets what the step states instead of the context. Raises ExpressionError.

    Bodies share what they read of their surroundings, so that a map of many bodies does not store its list
    with each of them: their input lies over that of this run, and over what steps before have given, which
    the first item keeps for all. Where a patch has changed the context of an item, or taken away a key, the
    input is stored whole.
    """
    state = transition.state
    bindings = item_bindings(transition.graph, state, key)
    stated: dict[str, Any] = resolve(dict(step.input or {}), bindings)
    if step.body is None:
        return (stated if step.input is not None else dict(bindings["context"])), None, None
    added = {**resolve(dict(step.params), bindings), **stated}
    whole = {**bindings["context"], **added}
    item = state.step(key)
    if item.map_name is None:
        given = _beyond(state.input, bindings["context"])
        return whole, None if given is None else {**given, **added}, None
    if item.patches:
        return whole, None, None
    own = {**laid_over(state, step), **item_of(state, step, item), **added}
    if state.step(step.name).outer_seq is not None:
        return whole, own, None
    shared = _beyond(state.input, bindings_at(transition.graph, state, step.name)["context"])
    return whole, None if shared is None else own, shared


def _beyond(input: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any] | None:
    """Returns what a context adds to a run's input; None if it lacks a key of it."""
    if not input.keys() <= context.keys():
        return None
    return {key: value for key, value in context.items() if key not in input or input[key] is not value}

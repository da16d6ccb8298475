"""The beginning of a run that does the work of a step, or of an item of a map or loop. PURE.

Such a run is one of another workflow, or of the body of the step; what began it waits for its end, which
`child_runs` handles.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from designer.document.graph import Step
from designer.expressions.budget import weight
from designer.expressions.expressions import resolve
from runs.machine.bindings import item_bindings
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
    run_input = _input(transition, step, key)
    weight(run_input, COMPUTED_WEIGHT_MAX)  # a value that is put in at many places is not encoded first
    keepable(run_input, f"the input of {key}")
    attempt = transition.step(key).attempt + 1
    child, body = child_id(transition.run.id, key, attempt), step.name if step.body is not None else ""
    what = {"body": body} if body else {"workflow": step.workflow}
    detached = {"detached": True} if step.detached else {}
    entry = {"for": "child", "child": child, **what, **detached, **data}
    transition.emit("step.waiting", key, attempt=attempt, data=entry)
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
        )
    )


def _input(transition: Transition, step: Step, key: str) -> dict[str, Any]:
    """Returns the input of the run: of a body the context with what the step states laid over it.

    A run of another workflow gets what the step states instead of the context. Raises ExpressionError.
    """
    bindings = item_bindings(transition.graph, transition.state, key)
    stated: dict[str, Any] = resolve(dict(step.input or {}), bindings)
    if step.body is not None:
        return {**bindings["context"], **resolve(dict(step.params), bindings), **stated}
    return stated if step.input is not None else dict(bindings["context"])

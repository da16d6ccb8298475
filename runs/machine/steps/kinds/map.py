"""Maps: a call of a worker, or a run, for each item of a list. PURE."""

from __future__ import annotations

from designer.document.graph import Step
from designer.expressions.expressions import compile_expression
from runs.machine.bindings import bindings_at
from runs.machine.limits import MAP_ITEMS_MAX
from runs.machine.steps import completion, maps
from runs.machine.steps.kinds import Rules
from runs.machine.transition import Transition, keepable
from workers.sdk.outcome import Failure


def begin(transition: Transition, step: Step) -> None:
    bindings = bindings_at(transition.graph, transition.state, step.name)
    items = compile_expression((step.items or "").removeprefix("=")).evaluate(bindings)
    if not isinstance(items, list):
        return completion.fail(
            transition, step.name, Failure("bad_items", f"items of {step.name} is not a list")
        )
    keepable(items, f"items of {step.name}")
    total = -(-len(items) // step.batch_size)
    if total > MAP_ITEMS_MAX:
        message = f"{step.name} has {total} items; the limit is {MAP_ITEMS_MAX}. Use a larger batch_size."
        return completion.fail(transition, step.name, Failure("too_many_items", message))
    if step.needed is not None and step.needed > total:
        message = f"{step.name} needs {step.needed} items to complete and has {total}"
        return completion.fail(transition, step.name, Failure("too_few_items", message))
    queued = 0 if step.starts_runs else min(total, maps.window_of(step))
    transition.emit(
        "step.started", step.name, attempt=1, data={"items": total, "queued": queued}, payload=items
    )
    for index in range(queued):
        transition.dispatch(f"{step.name}[{index}]")
    return maps.go_on(transition, step)


def resume(transition: Transition, step: Step, key: str) -> bool:
    """Runs one item again, or all that did not complete; what never had items begins anew."""
    state = transition.step(key)
    if state.map_name is not None:
        maps.begin_again(transition, step, key)
    elif state.is_map:
        maps.retry_items(transition, step)
    else:
        return False
    return True


RULES = Rules(begin, resume)

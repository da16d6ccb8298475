"""The end of a step: it completes, fails or is skipped, and its outgoing edges are decided. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designer.document.graph import Edge
from designer.errors import ExpressionError
from runs.machine.acts import is_there
from runs.machine.bindings import Ending, bindings_after
from runs.machine.conditions import holds, values_compared
from runs.machine.interventions import open_intervention
from runs.machine.retry_policy import codes_of
from runs.machine.rollback import pivots, plan
from runs.machine.states import StepStatus
from runs.machine.transition import Transition, error_of
from workers.sdk.outcome import Failure

TRIED_SHOWN_MAX = 20  # conditions in a message

STATUS_AFTER = {
    "step.completed": StepStatus.COMPLETED,
    "step.failed": StepStatus.FAILED,
    "step.skipped": StepStatus.SKIPPED,
}


class NoBranch(Exception):
    """No outgoing edge of a completed step is taken."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.failure = Failure(code, message)


def skip_dead(transition: Transition, name: str) -> None:
    """Skips a step to which only dead edges lead; its own edges die with it."""
    targets = [edge.target for edge in transition.edges_from(name)]
    transition.emit("step.skipped", name, data={"reason": "no live branch leads here", "dead": targets})
    transition.revisit(targets)


def complete(transition: Transition, name: str, output: Any = None, **data: Any) -> None:
    """Completes a step and decides its edges; during a rollback, its place in the plan instead."""
    if transition.graph.by_name[name].pivot:
        data["pivot"] = True
    if transition.run.phase == "undo":
        data |= plan.late_plan(transition, name, data)
        transition.emit(
            "step.completed", name, attempt=transition.step(name).attempt, payload=output, data=data
        )
    else:
        settle_edges(transition, "step.completed", name, data, output)


def settle_edges(
    transition: Transition,
    type: str,
    name: str,
    data: dict[str, Any],
    output: Any = None,
    *,
    recorded_output: Any = None,
) -> None:
    """Ends a step by an entry of `type` and decides its outgoing edges; if none is taken, the run fails.

    `recorded_output`: the output, if the journal holds it already and the entry is to have none. What is left
    of an output that was refused is for the undo; no edge sees it.
    """
    attempt = transition.step(name).attempt
    seen = output if recorded_output is None else recorded_output
    own = Ending(STATUS_AFTER[type], None if data.get("acted") else seen, data.get("error"))
    try:
        taken, dead = choose_edges(transition, name, own)
    except Exception as error:
        failure = error.failure if isinstance(error, NoBranch) else transition.failure(name, error)
        transition.emit(type, name, attempt=attempt, payload=output, data=data)
        return fail_run(transition, name, failure)
    routes = {"taken": taken, "dead": dead}
    transition.emit(
        type, name, attempt=attempt, payload=output, data={**data, **{k: v for k, v in routes.items() if v}}
    )
    transition.revisit([*taken, *dead])
    return None


def choose_edges(transition: Transition, name: str, own: Ending) -> tuple[list[str], list[str]]:
    """Returns the targets of taken and of dead edges (semantics 3). Raises NoBranch or ExpressionError.

    No error edge is among the taken ones: a failure that one takes is `caught`.
    """
    every = transition.edges_from(name)
    edges, errors = [edge for edge in every if not edge.is_error], [edge for edge in every if edge.is_error]
    choices = [edge for edge in edges if edge.is_choice]
    if not choices:
        return [edge.target for edge in edges], [edge.target for edge in errors]
    bindings = bindings_after(transition.graph, transition.state, name, own)
    chosen, is_unclear = _first_true(choices, bindings)
    taken = [edge for edge in edges if edge not in choices or edge is chosen]
    if not taken and not is_unclear:
        raise NoBranch("no_branch_matched", _no_branch_message(name, bindings, choices))
    return [edge.target for edge in taken], [edge.target for edge in every if edge not in taken]


def _first_true(choices: list[Edge], bindings: Mapping[str, Any]) -> tuple[Edge | None, bool]:
    """Returns the edge that is taken, and whether a passed-over failure left a condition without a value."""
    is_unclear = False
    for edge in choices:
        truth = False if edge.when is None else holds(edge.when, bindings)
        if truth:
            return edge, is_unclear
        is_unclear |= truth is None
    return next((edge for edge in choices if edge.otherwise), None), is_unclear


def _no_branch_message(name: str, bindings: Mapping[str, Any], choices: list[Edge]) -> str:
    tried = [
        f"{edge.when} ({values_compared(edge.when or '', bindings)})" for edge in choices[:TRIED_SHOWN_MAX]
    ]
    more = f"; and {len(choices) - len(tried)} more" if len(choices) > len(tried) else ""
    listed = "; ".join(tried) + more
    return f"No branch after {name} matched: {listed}. Add an otherwise edge or widen a condition."


def fail(transition: Transition, name: str, failure: Failure, output: Any = None, **effect: Any) -> None:
    """Fails a step for good: an error edge catches that, else `on_failure` decides what follows.

    While the run is rolled back neither counts.

    `effect`: see `failure_data`. A pivot whose effect is there is a point of no return although it failed.
    """
    step, state = transition.graph.by_name[name], transition.step(name)
    attempt, is_pivot = state.attempt, step.pivot and effect.get("acted", is_there(state))
    if is_pivot:
        effect["pivot"] = True
    data = failure_data(failure, **effect)
    if transition.run.phase == "undo":
        data |= plan.late_plan(transition, name, data)
        transition.emit("step.failed", name, attempt=attempt, payload=output, data=data)
        return
    edge = catching_edge(transition, name, data, failure, output)
    effect |= {"not_caught": data["not_caught"]} if "not_caught" in data else {}
    if edge is not None:
        _catch(transition, name, edge, data, output)
    elif step.on_failure == "continue":
        settle_edges(transition, "step.failed", name, data, output)
    elif step.on_failure == "pause" or is_pivot or pivots.must_ask(transition.run, "step_failed"):
        pause(transition, name, failure, output, **effect)
    else:
        transition.emit("step.failed", name, attempt=attempt, payload=output, data=data)
        plan.begin(transition, "step_failed", failure=_failure_facts(name, failure))


def catching_edge(
    transition: Transition, name: str, data: dict[str, Any], failure: Failure, output: Any
) -> Edge | None:
    """Returns the first error edge whose patterns and condition fit a failure that is about to be recorded.

    A condition that cannot be evaluated does not fit: the failure is what counts. A fault of the product in
    one is noted, also in `data`, and nothing catches the failure.
    """
    errors = [edge for edge in transition.edges_from(name) if edge.catches(codes_of(failure))]
    if not any(edge.when for edge in errors):
        return errors[0] if errors else None
    seen = None if data.get("acted") else output
    own = Ending(StepStatus.FAILED, seen, data["error"], is_caught=True)
    try:
        bindings = bindings_after(transition.graph, transition.state, name, own)
        return next((edge for edge in errors if _fits(edge, bindings)), None)
    except Exception as error:
        transition.failure(name, error)
        data["not_caught"] = "internal"
        return None


def _fits(edge: Edge, bindings: Mapping[str, Any]) -> bool:
    try:
        return edge.when is None or bool(holds(edge.when, bindings))
    except ExpressionError:
        return False


def _catch(transition: Transition, name: str, edge: Edge, data: dict[str, Any], output: Any) -> None:
    """Ends a step whose failure is handled: only the edge that caught it is taken, and no rollback begins."""
    dead = [other.target for other in transition.edges_from(name) if other is not edge]
    data = {**data, "caught": True, "taken": [edge.target]} | ({"dead": dead} if dead else {})
    transition.emit("step.failed", name, attempt=transition.step(name).attempt, payload=output, data=data)
    transition.revisit([edge.target, *dead])


def pause(transition: Transition, key: str, failure: Failure, output: Any = None, **effect: Any) -> None:
    """Has a person decide about a failed step or item of a map. `effect`: see `failure_data`."""
    data = failure_data(failure, **effect, case=True)
    transition.emit("step.failed", key, attempt=transition.step(key).attempt, payload=output, data=data)
    open_intervention(transition, key, "step_failed", failure)


def failure_data(
    failure: Failure, *, unknown: bool = False, acted: bool | None = None, **more: Any
) -> dict[str, Any]:
    """Returns the data of an entry about a failed step.

    `unknown`: its effect may be there. `acted`: it is there, and the payload is what is known of its output;
    False: it is not there, whatever was said before.
    """
    known = {} if acted is None else {"acted": acted}
    return {"error": error_of(failure)} | ({"unknown": True} if unknown else {}) | known | more


def fail_run(transition: Transition, name: str, failure: Failure) -> None:
    """Ends going forward after a step that has ended and that no branch leads on from.

    Past the pivot no rollback begins by itself, so a person decides.
    """
    if pivots.must_ask(transition.run, "no_branch"):
        open_intervention(transition, name, "step_failed", failure, ended=True)
    else:
        plan.begin(transition, "no_branch", failure=_failure_facts(name, failure))


def _failure_facts(name: str, failure: Failure) -> dict[str, Any]:
    return {"step": name, "error": failure.code, "message": failure.message}

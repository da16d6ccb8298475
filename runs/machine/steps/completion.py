"""Going forward: a step completes, fails or is skipped, and its edges are decided. PURE."""

from __future__ import annotations

from typing import Any

from designer.document.graph import Edge
from designer.errors import ExpressionError
from designer.expressions.expressions import condition
from runs.machine.bindings import scope_after, values_compared
from runs.machine.interventions import open_case
from runs.machine.rollback import plan
from runs.machine.transition import Turn, error_of
from workers.sdk.outcome import Failure


class NoBranch(Exception):
    """No outgoing edge of a completed step is taken."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.failure = Failure(code, message)


def skip_dead(turn: Turn, name: str) -> None:
    targets = [edge.target for edge in turn.edges_from(name)]
    turn.emit("step.skipped", name, data={"reason": "no live branch leads here", "dead": targets})
    turn.decided([], targets)


def complete(turn: Turn, name: str, output: Any = None, **data: Any) -> None:
    """A step's work is done: record it, then decide what comes next."""
    if turn.graph.by_name[name].pivot:
        data["pivot"] = True
    if turn.run.phase == "undo":
        data |= plan.late_plan(turn, name, data)
        turn.emit("step.completed", name, attempt=turn.step(name).attempt, payload=output, data=data)
    else:
        pass_on(turn, "step.completed", name, data, output)


def pass_on(
    turn: Turn, type: str, name: str, data: dict[str, Any], output: Any = None, *, kept: Any = None
) -> None:
    """End a step so that its outgoing edges are decided; without a branch the run fails.

    `kept`: an output that the journal holds already.
    """
    attempt = turn.step(name).attempt
    try:
        taken, dead = choose_edges(turn, name, output if kept is None else kept)
    except (NoBranch, ExpressionError) as error:
        failure = error.failure if isinstance(error, NoBranch) else Failure("bad_expression", str(error))
        turn.emit(type, name, attempt=attempt, payload=output, data=data)
        return fail_run(turn, name, failure)
    routes = {"taken": taken, "dead": dead}
    turn.emit(
        type, name, attempt=attempt, payload=output, data={**data, **{k: v for k, v in routes.items() if v}}
    )
    turn.decided(taken, dead)
    return None


def choose_edges(turn: Turn, name: str, output: Any) -> tuple[list[str], list[str]]:
    """Targets of taken and of dead edges (semantics 3)."""
    edges = turn.edges_from(name)
    choices = [edge for edge in edges if edge.is_conditional or edge.otherwise]
    chosen = _first_true(turn, name, output, choices) if choices else None
    taken = [edge for edge in edges if edge not in choices or edge is chosen]
    if choices and not taken:
        raise NoBranch("no_branch_matched", _no_branch_message(turn, name, output, choices))
    return [edge.target for edge in taken], [edge.target for edge in edges if edge not in taken]


def _first_true(turn: Turn, name: str, output: Any, choices: list[Edge]) -> Edge | None:
    scope = scope_after(turn.graph, turn.state, name, output)
    for edge in choices:
        if edge.when is not None and condition(edge.when, scope):
            return edge
    return next((edge for edge in choices if edge.otherwise), None)


def _no_branch_message(turn: Turn, name: str, output: Any, choices: list[Edge]) -> str:
    scope = scope_after(turn.graph, turn.state, name, output)
    tried = "; ".join(f"{edge.when} ({values_compared(edge.when or '', scope)})" for edge in choices)
    return f"No branch after {name} matched: {tried}. Add an otherwise edge or widen a condition."


def fail(turn: Turn, name: str, failure: Failure, output: Any = None, *, unknown: bool = False) -> None:
    """A step has failed for good: `on_failure` decides, unless the run is already compensating."""
    step, attempt = turn.graph.by_name[name], turn.step(name).attempt
    data = failure_data(failure, unknown)
    if turn.run.phase == "undo":
        data |= plan.late_plan(turn, name, data)
        turn.emit("step.failed", name, attempt=attempt, payload=output, data=data)
    elif step.on_failure == "continue":
        pass_on(turn, "step.failed", name, data, output)
    elif step.on_failure == "pause" or turn.run.pivot:
        pause(turn, name, failure, output, unknown=unknown)
    else:
        turn.emit("step.failed", name, attempt=attempt, payload=output, data=data)
        plan.begin(turn, "failure", failure=_failure_facts(name, failure))


def pause(turn: Turn, key: str, failure: Failure, output: Any = None, *, unknown: bool = False) -> None:
    """A person decides how a failed step, or item of a map, goes on."""
    data = {**failure_data(failure, unknown), "case": True}
    turn.emit("step.failed", key, attempt=turn.step(key).attempt, payload=output, data=data)
    open_case(turn, key, "step_failed", failure)


def failure_data(failure: Failure, unknown: bool = False) -> dict[str, Any]:
    return {"error": error_of(failure)} | ({"unknown": True} if unknown else {})


def fail_run(turn: Turn, name: str, failure: Failure) -> None:
    """The run cannot go on after a step that did its work."""
    if turn.run.pivot:
        open_case(turn, name, "step_failed", failure, ended=True)
    else:
        plan.begin(turn, "failure", failure=_failure_facts(name, failure))


def _failure_facts(name: str, failure: Failure) -> dict[str, Any]:
    return {"step": name, "error": failure.code, "message": failure.message}

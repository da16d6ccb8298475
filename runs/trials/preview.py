"""Names and values that an expression of a draft sees, and its result, by sample input or by a past run.

Reading only; secrets are masked in all that leaves this module as text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import Q

from config.lib import secrets
from designer.document.document import salvage
from designer.document.graph import Graph, Step
from designer.errors import ExpressionError
from designer.expressions.expressions import bare, compile_expression, resolve
from designer.expressions.functions.times import NOW, Time
from designer.problems import truncate
from designer.services import queries
from designer.validation.places import ExpressionPosition, known_at, position_at, type_of
from runs.errors import UnknownRun
from runs.machine.bindings import contribution, merged, outcomes, outputs, steps_of, time_of_attempt
from runs.models import Run
from runs.queries import runs as queries_runs
from runs.store import reader

RUNS_MAX = 10
TEXT_LENGTH_MAX = 2_000
NO_FAILURE = {"step": "", "error": "", "message": ""}
Scope = dict[str, Any]


def known(name: str, path: str, run_id: UUID | None = None) -> dict[str, Any]:
    """The names that an expression at `path` of a draft may read, and the runs to take values from.

    Raises UnknownWorkflow or UnknownRun.
    """
    graph, position = _draft_position(name, path)
    values = known_at(graph, position, _visible(_scope(name, graph, position, run_id)))
    runs = Run.objects.filter(workflow_name=name, parent=None, imported__isnull=True).order_by(
        "-created_at", "-id"
    )
    return {
        "variables": sorted(position.variables),
        "known": [asdict(replace(value, sample=secrets.mask_secrets(value.sample))) for value in values],
        "runs": [
            {"id": str(pk), "status": status, "trial": trial, "created_at": queries_runs.iso(at)}
            for pk, status, trial, at in runs.values_list("id", "status", "trial", "created_at")[:RUNS_MAX]
        ],
    }


def evaluate(name: str, path: str, source: str, run_id: UUID | None = None) -> dict[str, Any]:
    """`type` and `text` of the value, cut to `TEXT_LENGTH_MAX`, or `error` as text for the author."""
    graph, position = _draft_position(name, path)
    try:
        expression = compile_expression(source)
        for unknown in sorted(expression.variables - position.variables):
            names = ", ".join(sorted(position.variables))
            raise ExpressionError(f"'{unknown}' does not exist here; there are {names}")
        value = expression.evaluate(_scope(name, graph, position, run_id))
        if path.endswith((".when", ".while")) and not isinstance(value, bool):
            raise ExpressionError(f"`{source.strip()}` gives {truncate(value)}, not true or false")
        if path.endswith(".items") and not isinstance(value, list):
            raise ExpressionError(f"`{source.strip()}` gives {truncate(value)}, not a list")
    except ExpressionError as error:
        return {"error": str(error)}
    text = secrets.mask_secrets(json.dumps(value, ensure_ascii=False))
    return {"type": type_of(value), "text": text[:TEXT_LENGTH_MAX], "truncated": len(text) > TEXT_LENGTH_MAX}


def scope_of_run(name: str, path: str, run_id: UUID | None) -> Scope:
    """The values that a step of the draft would see in a run, or without one by the sample input."""
    graph, position = _draft_position(name, path)
    return _visible(_scope(name, graph, position, run_id))


def _visible(scope: Scope) -> Scope:
    """The variables; the time, which only a function reads, left aside."""
    return {name: value for name, value in scope.items() if name != NOW}


def _draft_position(name: str, path: str) -> tuple[Graph, ExpressionPosition]:
    graph, _ = salvage(queries.document_of(queries.get_workflow(name)) or {})
    return graph, position_at(graph, path)


def _scope(name: str, graph: Graph, position: ExpressionPosition, run_id: UUID | None) -> Scope:
    own_run = _run_of(position, run_id)
    if position.outer is None or own_run is not None:
        scope = _from_start(name, graph, position, own_run)
    else:
        scope = _inside(_scope(name, graph, position.outer, run_id), position.outer)
    if position.is_undo and position.step is not None:
        output = scope["steps"].get(position.step.name, {})
        of_undo = {"output": output, "failure": scope["context"].get("failure", NO_FAILURE)}
        scope |= of_undo
        scope["context"] |= contribution(position.step, output) | of_undo
    if position.step is not None and position.step.variables & position.variables:
        _add_own(scope, position.step)
        scope |= {"output": {}} if position.step.repeats and not position.is_undo else {}
    return scope


def _inside(scope: Scope, outer: ExpressionPosition) -> Scope:
    """What the steps of a body see, of what the step around it sees: its context is their input."""
    stated = dict(outer.step.input or {}) if outer.step else {}
    try:
        context = {**scope["context"], **resolve(stated, scope)}
    except ExpressionError:
        context = dict(scope["context"])
    return {**scope, "context": context, "input": dict(context), "steps": {}, "outcomes": {}}


def _run_of(position: ExpressionPosition, run_id: UUID | None) -> UUID | None:
    """The past run of the position's graph: of a body the run that began last, None where none has begun."""
    if run_id is None or position.outer is None:
        return run_id
    around, step = _run_of(position.outer, run_id), position.outer.step
    if around is None or step is None:
        return None
    own = Q(parent_step=step.name) | Q(parent_step__startswith=f"{step.name}[")
    runs = Run.objects.filter(own, parent=around, body__isnull=False).order_by("-created_at", "-id")
    return runs.values_list("pk", flat=True).first()


def _from_start(name: str, graph: Graph, position: ExpressionPosition, run_id: UUID | None) -> Scope:
    run = {"id": str(run_id or ""), "workflow": name}
    if run_id is None:
        sample = dict(graph.sample_input or {})
        values = Values(sample, {}, {}, dict(sample), NO_FAILURE, reader.now)
    else:
        values = _values_of_run(name, position, run_id)
    failure = {"failure": dict(values.failure)} if position.is_undo else {}
    return {
        "context": values.context | failure,
        "input": values.input,
        "steps": values.steps,
        "outcomes": values.outcomes,
        "run": run,
        **{name: values.input.get(name) for name in (position.graph or graph).variables},
        NOW: values.now,
    }


@dataclass(frozen=True, slots=True)
class Values:
    input: Scope
    steps: Scope
    outcomes: Scope
    context: Scope
    failure: Mapping[str, Any]
    now: Time


def _values_of_run(name: str, position: ExpressionPosition, run_id: UUID) -> Values:
    """Input and outputs of a run, of the steps that come before the position. Raises UnknownRun."""
    if not Run.objects.filter(pk=run_id, workflow_name=name).exists():
        raise UnknownRun(run_id)
    graph, state = queries_runs.load(run_id)
    before = [step for step in position.after if step in graph.by_name]
    values, ended = outputs(graph, state, before), outcomes(state, before)
    context = {**state.input, **merged(graph, values)}
    own = state.step(position.step.name) if position.step else None
    return Values(
        dict(state.input),
        steps_of(values, ended),
        ended,
        context,
        {**NO_FAILURE, **(state.run.failure or {})},
        time_of_attempt(state, own, "undo" if position.is_undo else "forward") if own else state.now,
    )


def _add_own(scope: Scope, step: Step) -> None:
    """Adds the first turn of a loop, or the first item of a map, if its list can be evaluated."""
    if step.repeats:
        first: Scope = {"turn": 1, "previous": None}
        scope |= first
        scope["context"] |= first
        return
    try:
        items = compile_expression(bare(step.items or "")).evaluate(scope)
    except ExpressionError:
        return
    if isinstance(items, list) and items:
        first = {"item": items[0]} if step.batch_size == 1 else {"batch": items[: step.batch_size]}
        scope |= {**first, "index": 0}
        scope["context"] |= {**first, "index": 0}

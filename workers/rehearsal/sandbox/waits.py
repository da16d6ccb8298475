"""Answers what a rehearsed run waits for: approvals, signals and events, as if all came at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from config.lib.errors import SagaboardError
from designer.document.graph import Graph
from runs.engine import engine
from runs.machine.errors import MachineError
from runs.machine.states import StepState, StepStatus
from runs.machine.steps.waits import signals_in
from runs.queries.runs import load

SOURCE = "rehearsal"
Asked = tuple[UUID, str, int]
"""A run, its step, and the attempt of it: what has been answered once is not answered again."""
EXAMPLES: Mapping[str, Any] = {
    "string": "rehearsal",
    "integer": 1,
    "number": 1,
    "boolean": True,
    "array": [],
    "null": None,
}


def answer_waits(runs: Iterable[UUID], user: Any, answered: set[Asked]) -> bool:
    """Answers what these runs wait for. Returns whether anything was answered."""
    is_answered = False
    for run_id in runs:
        graph, state = load(run_id)
        for name, step in state.steps().items():
            asked = (run_id, name, step.attempt)
            if step.status == StepStatus.WAITING and asked not in answered:
                answered.add(asked)
                is_answered |= _answer(run_id, graph, step, user)
    return is_answered


def open_waits(runs: Iterable[UUID]) -> list[str]:
    """Returns the steps of these runs that wait for something from outside."""
    return [
        name
        for run_id in runs
        for name, step in load(run_id)[1].steps().items()
        if step.status == StepStatus.WAITING and (step.waits or {}).get("for") not in ("child", "delay")
    ]


def _answer(run_id: UUID, graph: Graph, step: StepState, user: Any) -> bool:
    """Answers one step. Returns False if it waits for something else, or refuses the answer."""
    waits = step.waits or {}
    definition = graph.by_name[step.name.partition("[")[0]]
    try:
        if waits.get("for") == "approval":
            form = definition.form
            answer = None if form is None else example(form)
            engine.approve(run_id, step.name, True, user, "approved in a rehearsal", answer)
            return True
        for signal in signals_in(waits):
            engine.signal(run_id, signal, {}, user)
            return True
        for type in [part.get("event") for part in (definition.any_of or ())] + [definition.event]:
            if type:
                identity = {"id": f"{run_id}:{step.name}:{step.attempt}", "source": SOURCE, "type": type}
                return engine.take_event({**identity, "data": {}})[1] > 0
    except (SagaboardError, MachineError):
        return False
    return False


def example(schema: Mapping[str, Any]) -> Any:
    """Returns a value that a simple JSON Schema accepts."""
    for key in ("default", "const"):
        if key in schema:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: example(fields.get(name, {"type": "string"})) for name in schema.get("required", ())}
    if kind in ("integer", "number"):
        return schema.get("minimum", EXAMPLES[kind])
    return EXAMPLES.get(kind)

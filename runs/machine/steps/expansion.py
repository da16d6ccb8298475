"""Steps that a dynamic worker adds to its own run. PURE."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from designer.document.document import dump_step, parse_step
from designer.document.graph import Edge, Graph, Step
from runs.machine.limits import EXPANSION_MAX
from runs.machine.states import State
from runs.machine.steps import completion
from runs.machine.transition import Transition
from workers.sdk.outcome import Failure


def expand(transition: Transition, name: str, output: Any, steps: tuple[Step, ...]) -> None:
    """Inserts `steps`, in that order, between a dynamic step and its successors, then completes it."""
    if transition.run.added_count + len(steps) > EXPANSION_MAX:
        message = f"{name} adds {len(steps)} steps; a run may be given {EXPANSION_MAX} in all."
        return completion.fail(transition, name, Failure("too_many_steps", message), output, acted=True)
    added = _with_free_names(transition.graph, steps)
    data = {"steps": [step.name for step in added]}
    transition.emit("step.expanded", name, data=data, payload=[dump_step(step) for step in added])
    transition.graph = insert_after(transition.graph, name, added)
    return completion.complete(transition, name, output, **transition.duration(name))


def _with_free_names(graph: Graph, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    taken, named = set(graph.by_name), []
    for step in steps:
        name, number = step.name, 2
        while name in taken:
            name, number = f"{step.name}_{number}", number + 1
        taken.add(name)
        named.append(replace(step, name=name))
    return tuple(named)


def insert_after(graph: Graph, name: str, steps: tuple[Step, ...]) -> Graph:
    """Returns the graph with `steps` in a row after `name`.

    The outgoing edges of `name` leave from the last of them, with their conditions.
    """
    if not steps:
        return graph
    row = [name, *(step.name for step in steps)]
    chain = [Edge(source, target) for source, target in zip(row, row[1:], strict=False)]
    moved = [replace(edge, source=row[-1]) if edge.source == name else edge for edge in graph.edges]
    position = next(index for index, step in enumerate(graph.steps) if step.name == name) + 1
    return graph.with_steps([*graph.steps[:position], *steps, *graph.steps[position:]], [*chain, *moved])


def effective_graph(graph: Graph, state: State) -> Graph:
    """Returns the graph of a run: the published one with the steps that dynamic steps have added."""
    payloads = state.payloads(list(state.run.added))
    for seq in state.run.added:
        documents = payloads[seq]
        steps = tuple(parse_step(document) for document in documents)
        added_by = state.step(steps[0].name).added_by or ""
        graph = insert_after(graph, added_by, steps)
    return graph

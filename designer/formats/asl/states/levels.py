"""One level of a machine, its own or that of a body, as a graph. PURE."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from designer.formats.asl.expressions.cel import NOW, Cel, Value, literal, written
from designer.formats.asl.expressions.scope import Untranslatable
from designer.formats.asl.fields import tell_fields
from designer.formats.asl.machine import Machine, State
from designer.formats.asl.report import Entry
from designer.formats.asl.states.cycles import Loops, components
from designer.formats.asl.states.data import DATA, is_flat, sources, ways_of
from designer.formats.asl.states.fan_outs import write_map, write_parallel
from designer.formats.asl.states.pieces import Piece, StepDocument, assembled, without_idle_steps
from designer.formats.asl.states.simple_states import (
    write_choice,
    write_fail,
    write_pass,
    write_succeed,
    write_wait,
)
from designer.formats.asl.states.tasks import write_task
from designer.formats.asl.states.writer import Drafting, Level, Writer, edge, variable_key

WRITERS: Mapping[str, Callable[[Writer], None]] = {
    "Task": write_task,
    "Pass": write_pass,
    "Choice": write_choice,
    "Wait": write_wait,
    "Succeed": write_succeed,
    "Fail": write_fail,
    "Parallel": lambda writer: write_parallel(writer, write_body),
    "Map": lambda writer: write_map(writer, write_body),
}

HERE: Mapping[str, Value] = {
    "Execution.Input": Cel("input"),
    "Execution.Id": Cel("run.id"),
    "Execution.Name": Cel("run.id"),
    "Execution.StartTime": NOW,
    "Execution.RoleArn": literal(""),
    "Execution.RedriveCount": literal(0),
    "StateMachine.Id": Cel("run.workflow"),
    "StateMachine.Name": Cel("run.workflow"),
}
KEPT = {
    "execution_input": ("Execution.Input", Cel("input")),
    "execution_id": ("Execution.Id", Cel("run.id")),
    "execution_started": ("Execution.StartTime", NOW),
    "machine_name": ("StateMachine.Name", Cel("run.workflow")),
}
"""What a body reads of the whole run: the key in the context, the name, the value where the run begins."""


def in_bodies() -> dict[str, Value]:
    kept = {name: Cel(f"context.{key}") for key, (name, _) in KEPT.items()}
    return {**kept, "Execution.Name": kept["Execution.Id"], "StateMachine.Id": kept["StateMachine.Name"]}


def write_machine(drafting: Drafting, machine: Machine) -> dict[str, Any]:
    """The steps and edges of a whole machine."""
    variables = {
        f"Variables.{name}": Cel(f"context.{variable_key(name)}")
        for state in machine.every()
        for name in _assigned(state)
    }
    level = Level(drafting, is_flat(machine), False, {**HERE, **variables})
    source_of, needs_copy = ({}, False) if level.is_flat else sources(machine)
    circling = {name for members in components(ways_of(machine), frozenset()) for name in members}
    first = {DATA: Cel("input")} if needs_copy else {}
    graph = _graph(
        level,
        machine,
        {name: Cel("input") for name, found in source_of.items() if found == "input"},
        circling,
    )
    text = str(graph)
    kept = {key: value for key, (_, value) in KEPT.items() if f"context.{key}" in text}
    values = {**first, **kept}
    begin = {"name": drafting.names.new("begin"), "kind": "set", "values": written(values)}
    return _begun(drafting, graph, [begin] if values else [])


def _assigned(state: State) -> list[str]:
    rules = [state.fields, *state.fields.get("Choices", []), *state.fields.get("Catch", [])]
    return [
        name
        for rule in rules
        if isinstance(rule.get("Assign"), Mapping)
        for name in map(_bare, rule["Assign"])
    ]


def _bare(name: str) -> str:
    return name.removesuffix(".$")


def write_body(
    writer: Writer, machine: Machine, facts: Mapping[str, Value], first: list[StepDocument]
) -> dict[str, Any]:
    """The body for a machine inside a state; `first` are the steps before all others."""
    level = replace(
        writer.level, is_flat=False, is_body=True, machine={**writer.level.machine, **in_bodies(), **facts}
    )
    graph = _graph(level, machine, {}, set())
    return _begun(level.drafting, graph, first)


def _graph(level: Level, machine: Machine, data: Mapping[str, Cel], circling: set[str]) -> dict[str, Any]:
    drafting = level.drafting
    in_loop = replace(level, machine={**level.machine, **in_bodies()})
    pieces = {
        name: _piece(in_loop if name in circling else level, state, machine, data.get(name, level.whole))
        for name, state in machine.states.items()
    }
    reachable = _reachable(pieces, machine.start)
    for name in machine.states:
        if name not in reachable:
            _tell_unreachable(drafting, machine.states[name])
    loops = Loops(drafting.names, drafting.stands_for, drafting.back)
    folded = loops.folded(
        {name: pieces[name] for name in machine.states if name in reachable}, {machine.start}
    )
    for name, loop in loops.back.items():
        _tell_loop(drafting, machine, name, loop)
    steps, edges = assembled(folded, machine.start, drafting.names)
    return {"steps": steps, "edges": edges}


def _piece(level: Level, state: State, machine: Machine, data: Cel) -> Piece:
    writer = Writer(level, state, machine.states, data)
    tell_fields(state, writer.entry)
    write = WRITERS.get(state.type)
    try:
        if write is None:
            raise Untranslatable(f"there is no type of state {state.type}")
        write(writer)
    except Untranslatable as why:
        writer.entry.refuse(str(why))
        writer.stand_in(str(why))
        _refuse_parts(level.drafting, state)
    return writer.piece


def _refuse_parts(drafting: Drafting, state: State) -> None:
    """Tells of the states inside a state that is not possible, whose steps are left out with it."""
    entries = {entry.path: entry for entry in drafting.report.entries}
    for part in state.parts:
        for inner in part.every():
            if inner.path not in entries:
                entries[inner.path] = Entry(inner.path, inner.type)
                drafting.report.entries.append(entries[inner.path])
                tell_fields(inner, entries[inner.path])
            entries[inner.path].steps.clear()
            entries[inner.path].refuse(f"the state around it, {state.name}, is not possible")


def _reachable(pieces: Mapping[str, Piece], start: str) -> set[str]:
    found: set[str] = set()
    pending = [start]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += [way.target for way in pieces[name].transitions]
    return found


def _tell_unreachable(drafting: Drafting, state: State) -> None:
    for entry in drafting.report.entries:
        if entry.path == state.path or entry.path.startswith(f"{state.path}/"):
            entry.steps.clear()
            entry.say("no way leads to this state, so it is left out")


def _tell_loop(drafting: Drafting, machine: Machine, name: str, loop: str) -> None:
    for entry in drafting.report.entries:
        if name in machine.states and entry.path == machine.states[name].path:
            entry.steps.append(loop)
            entry.say("ways that lead back here are turns of a loop; it fails after 10,000 turns")


def _begun(drafting: Drafting, graph: dict[str, Any], first: list[StepDocument]) -> dict[str, Any]:
    """The graph behind some first steps, without steps that do nothing."""
    steps = [*first, *graph["steps"]]
    ways = pairwise([*first, graph["steps"][0]])
    edges = [*(edge(source["name"], target["name"]) for source, target in ways), *graph["edges"]]
    steps, edges, folded = without_idle_steps(steps, edges)
    drafting.stands_for.update(folded)
    return {"steps": steps, "edges": edges}

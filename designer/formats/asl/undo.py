"""Catches that release what was taken: proposed as undo slots, and written as such if they are accepted.
PURE.

A machine says by hand what to undo: the Catch of a later Task leads to Tasks that cancel, refund or release
what earlier ones did. Here an undo belongs to the step that it undoes. A proposal is a guess by names: the
Task behind the Catch has a word of undoing, and shares another word with a Task that may have run before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from designer.formats.asl.machine import Machine, State
from designer.formats.asl.names import snake
from designer.formats.asl.report import Proposal, Report
from designer.formats.asl.states.pieces import EdgeDocument, StepDocument

UNDOING = frozenset(
    [
        "abort",
        "cancel",
        "clean",
        "cleanup",
        "compensate",
        "deallocate",
        "delete",
        "deregister",
        "destroy",
        "detach",
        "disable",
        "drop",
        "free",
        "refund",
        "release",
        "remove",
        "restore",
        "return",
        "reverse",
        "revert",
        "rollback",
        "stop",
        "terminate",
        "undo",
        "unassign",
        "unbook",
        "undeploy",
        "unlock",
        "unreserve",
        "void",
        "withdraw",
    ]
)
_EMPTY = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "for",
        "from",
        "in",
        "is",
        "of",
        "on",
        "or",
        "the",
        "to",
        "step",
        "task",
        "state",
        "all",
        "data",
    ]
)


def propose(machine: Machine, calls: Mapping[str, StepDocument], report: Report) -> None:
    """Puts into the report what seems to undo what. `calls` are the worker calls by the paths of their
    states.
    """
    for level in _levels(machine):
        before = _before(level)
        for name, state in level.states.items():
            for undo in _behind_catches(state, level):
                done = _undone_by(undo, [level.states[other] for other in (*sorted(before[name]), name)])
                if done is not None and done.path in calls and undo.path in calls:
                    _add(report, calls[done.path], calls[undo.path], state, undo)


def _add(report: Report, done: StepDocument, undo: StepDocument, state: State, way: State) -> None:
    known = any((old.step, old.worker) == (done["name"], undo["worker"]) for old in report.proposals)
    if not known and "worker" in done:
        because = f"since {state.name} leads to {way.name} when it fails"
        params = dict(undo.get("params", {}))
        report.proposals.append(Proposal(done["name"], undo["worker"], params, because, undo["name"]))


def _levels(machine: Machine) -> Iterator[Machine]:
    yield machine
    for state in machine.every():
        yield from state.parts


def _before(level: Machine) -> dict[str, set[str]]:
    """The states that may have run before each state."""
    goals = {name: _ways(state) for name, state in level.states.items()}
    found: dict[str, set[str]] = {name: set() for name in level.states}
    for start in level.states:
        pending = list(goals[start])
        while pending:
            name = pending.pop()
            if start not in found[name]:
                found[name].add(start)
                pending += goals[name]
    return found


def _ways(state: State) -> list[str]:
    rules = [rule["Next"] for rule in state.fields.get("Choices", [])]
    return [*rules, *(state.fields[key] for key in ("Next", "Default") if key in state.fields)]


def _behind_catches(state: State, level: Machine) -> Iterator[State]:
    """The Tasks that undo something, one behind the other, to which the Catches of a state lead."""
    for rule in state.fields.get("Catch", []):
        seen: set[str] = set()
        name = rule["Next"]
        while name is not None and name not in seen:
            seen.add(name)
            found = level.states[name]
            if found.type == "Task" and _words(found) & UNDOING:
                yield found
            elif found.type not in ("Pass", "Wait"):
                break
            name = found.next


def _undone_by(undo: State, candidates: list[State]) -> State | None:
    """The Task that shares most words with one that undoes."""
    wanted = _words(undo) - UNDOING - _EMPTY
    tasks = [state for state in candidates if state.type == "Task" and not _words(state) & UNDOING]
    best = max(tasks, key=lambda state: len(wanted & _words(state)), default=None)
    return best if best is not None and wanted & _words(best) else None


def _words(state: State) -> set[str]:
    words = set(snake(state.name).split("_"))
    return (
        words
        | {word.removesuffix("s") for word in words if len(word) > 3}
        | ({"rollback"} if {"roll", "back"} <= words else set())
    )


def accept(draft: dict[str, Any], report: Report) -> None:
    """Writes each proposal into the undo slot of its step, and leaves out error edges that led to nothing
    else.
    """
    undos = {proposal.undo_step: proposal for proposal in report.proposals}
    for graph in _graphs(draft):
        for step in graph["steps"]:
            proposal = next((each for each in report.proposals if each.step == step["name"]), None)
            if proposal is not None:
                slot = {"worker": proposal.worker, "params": dict(proposal.params)}
                step["compensation"] = {key: value for key, value in slot.items() if value}
                proposal.accepted = True
        if any(step["name"] in undos for step in graph["steps"]):
            _leave_out(graph, undos, report)


def _graphs(graph: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield graph
    for step in graph["steps"]:
        if "body" in step:
            yield from _graphs(step["body"])


def _leave_out(graph: dict[str, Any], undos: Mapping[str, Proposal], report: Report) -> None:
    steps = {step["name"]: step for step in graph["steps"]}
    edges: list[EdgeDocument] = graph["edges"]
    idle = {edge["to"] for edge in edges if "on" in edge and _only_undoes(edge["to"], steps, edges, undos)}
    first = graph["steps"][0]["name"]
    edges = [edge for edge in edges if not ("on" in edge and edge["to"] in idle)]
    kept, pending = set(), [first]
    while pending:
        name = pending.pop()
        if name not in kept:
            kept.add(name)
            pending += [edge["to"] for edge in edges if edge["from"] == name]
    graph["steps"] = [step for step in graph["steps"] if step["name"] in kept]
    graph["edges"] = [edge for edge in edges if edge["from"] in kept]
    for entry in report.entries:
        gone = [name for name in entry.steps if name in steps and name not in kept]
        if gone:
            entry.say("the rollback does this: it undoes the steps that have completed, the last one first")
            held = [name for name in entry.steps if name not in gone]
            entry.steps = held or [undos[name].step for name in gone if name in undos] or [first]


def _only_undoes(
    name: str, steps: Mapping[str, StepDocument], edges: list[EdgeDocument], undos: Mapping[str, Proposal]
) -> bool:
    """Whether a way undoes what proposals undo, and then fails."""
    seen, undone = set(), 0
    while name not in seen:
        seen.add(name)
        step = steps[name]
        undone += name in undos
        ways = [edge["to"] for edge in edges if edge["from"] == name and "on" not in edge]
        if step.get("kind") == "fail":
            return undone > 0
        if not (name in undos or step.get("kind") == "set") or len(ways) != 1:
            return False
        name = ways[0]
    return False

"""What states become before they are joined to a graph: steps, and transitions to other states. PURE."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from designer.formats.asl.names import Names

StepDocument = dict[str, Any]
EdgeDocument = dict[str, Any]


@dataclass(frozen=True)
class Transition:
    """From a step to a state; `rules` are the fields of the edge beside its ends."""

    source: str
    target: str
    rules: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Piece:
    """The steps of a state, or of a loop of states. `entries` are values to set on the way to a loop, by the
    state at which it is entered. `is_choice`: its only step decides nothing but the way.
    """

    first: str = ""
    steps: list[StepDocument] = field(default_factory=list)
    edges: list[EdgeDocument] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    entries: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    is_choice: bool = False


@dataclass(frozen=True)
class Marker:
    """A way that ends: the values that are set at its end, if any."""

    values: Mapping[str, Any] | None


Arrival = Callable[[str], Marker | None]
"""What a transition to a state becomes that leads out of the pieces; None for the others."""


def assembled(
    pieces: Mapping[str, Piece], start: str, names: Names, leaving: Arrival = lambda target: None
) -> tuple[list[StepDocument], list[EdgeDocument]]:
    """The graph of pieces without circles, `start` first."""
    graph = _Graph(pieces, names, leaving)
    entry = pieces[start]
    if values := entry.entries.get(start):
        name = graph.add(f"enter_{start}", values)
        graph.edges.append({"from": name, "to": entry.first})
    done: set[int] = set()
    for piece in (entry, *pieces.values()):
        if id(piece) not in done:
            done.add(id(piece))
            graph.put(piece)
    return graph.steps, graph.edges


class _Graph:
    def __init__(self, pieces: Mapping[str, Piece], names: Names, leaving: Arrival) -> None:
        self._pieces, self._names, self._leaving = pieces, names, leaving
        self.steps: list[StepDocument] = []
        self.edges: list[EdgeDocument] = []

    def add(self, wanted: str, values: Mapping[str, Any]) -> str:
        name = self._names.new(wanted)
        self.steps.append({"name": name, "kind": "set", "values": dict(values)})
        return name

    def put(self, piece: Piece) -> None:
        self.steps += piece.steps
        self.edges += piece.edges
        for transition in piece.transitions:
            marker = self._leaving(transition.target)
            if marker is None:
                self._join(transition, self._arrive(transition.target))
            elif marker.values is not None or transition.rules:
                name = self.add(f"{transition.source[:50]}_ends", marker.values or {})
                self._join(transition, name)

    def _arrive(self, target: str) -> str:
        piece = self._pieces[target]
        if not (values := piece.entries.get(target)):
            return piece.first
        name = self.add(f"enter_{target}", values)
        self.edges.append({"from": name, "to": piece.first})
        return name

    def _join(self, transition: Transition, target: str) -> None:
        edge = {"from": transition.source, "to": target, **transition.rules}
        same = [old for old in self.edges if _ends(old) == _ends(edge)]
        if not same:
            self.edges.append(edge)
        elif self._is_last(same[-1]) and same[-1].keys() == edge.keys() == {"from", "to", "when"}:
            same[-1]["when"] = f"({same[-1]['when']}) || ({edge['when']})"
        else:
            name = self.add(f"to_{target}", {})
            self.edges += [{**edge, "to": name}, {"from": name, "to": target}]

    def _is_last(self, edge: EdgeDocument) -> bool:
        """Whether no other way from the same step is tried after this one."""
        return [old for old in self.edges if old["from"] == edge["from"]][-1] is edge


def _ends(edge: EdgeDocument) -> tuple[str, str, bool]:
    """What two edges of a graph may not have in common."""
    return edge["from"], edge["to"], "on" in edge


def without_idle_steps(
    steps: list[StepDocument], edges: list[EdgeDocument]
) -> tuple[list[StepDocument], list[EdgeDocument], dict[str, str]]:
    """The graph without steps that do nothing behind a step that leads only to them: that step takes over
    their edges. Also returns which step stands for which.
    """
    stands_for: dict[str, str] = {}
    for step in list(steps):
        before = _only_way(step, edges)
        if before is None:
            continue
        stands_for[step["name"]] = before
        steps = [other for other in steps if other is not step]
        edges = [
            {**edge, "from": before} if edge["from"] == step["name"] else edge
            for edge in edges
            if edge["to"] != step["name"]
        ]
    return steps, edges, {old: _last(old, stands_for) for old in stands_for}


def _only_way(step: StepDocument, edges: list[EdgeDocument]) -> str | None:
    if step.get("kind") != "set" or step.get("values"):
        return None
    incoming = [edge for edge in edges if edge["to"] == step["name"]]
    if len(incoming) != 1 or incoming[0].keys() != {"from", "to"}:
        return None
    before = incoming[0]["from"]
    others = [edge for edge in edges if edge["from"] == before and edge is not incoming[0]]
    goals = {edge["to"] for edge in edges if edge["from"] == step["name"]}
    is_free = all("on" in edge and edge["to"] not in goals for edge in others)
    return before if is_free else None


def _last(name: str, stands_for: Mapping[str, str]) -> str:
    while name in stands_for:
        name = stands_for[name]
    return name

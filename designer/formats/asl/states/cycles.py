"""Ways that lead back become loops. PURE.

A set of states that lead to each other (a strongly connected component) becomes one step of kind `loop`: its
body is what happens from the state at which it is entered until a way leads back there or out. The body says
which way it took under a key of its own, and the edges behind the loop go on from there. If it is entered at
several states, the body begins with a step that leads to the one that is due. What is left of circles inside
is treated alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from designer.document.limits import NAME_LENGTH_MAX
from designer.expressions.scanner import LENGTH_MAX
from designer.formats.asl.expressions.cel import text
from designer.formats.asl.names import Names, snake
from designer.formats.asl.states.pieces import (
    EdgeDocument,
    Marker,
    Piece,
    StepDocument,
    Transition,
    assembled,
    without_idle_steps,
)

TURNS_MAX = 10_000
AGAIN = ""


@dataclass
class Loops:
    """`names` gives steps their names; `stands_for` collects which steps were folded into others."""

    names: Names
    stands_for: dict[str, str]
    back: dict[str, str]
    """By each state at which a loop is entered: the name of the loop."""

    def folded(
        self, pieces: Mapping[str, Piece], entries: Set[str], cut: Set[str] = frozenset()
    ) -> dict[str, Piece]:
        """The pieces with each circle replaced by one piece, which is found under all states of the circle.

        Ways to the states of `cut` count as ways out.
        """
        result = dict(pieces)
        for members in components(pieces, cut):
            heads = [name for name in members if name in entries or _is_entered(name, members, pieces)]
            loop = self._loop({name: pieces[name] for name in members}, heads or members[:1])
            result.update(dict.fromkeys(members, loop))
        return result

    def _loop(self, members: dict[str, Piece], heads: list[str]) -> Piece:
        name = self.names.new(f"repeat_{snake(heads[0])}")
        leaves, due = f"leave_{name}"[:NAME_LENGTH_MAX], f"next_{name}"[:NAME_LENGTH_MAX]
        self.back.update(dict.fromkeys(heads, name))
        outs = _ways_out(members)
        inner = self.folded(members, frozenset(heads), frozenset(heads))
        is_dispatched = len(heads) > 1

        def leaving(target: str) -> Marker | None:
            if target in heads:
                return Marker({due: target} if is_dispatched else None)
            return None if target in members else Marker({leaves: target})

        always_says = all(
            _says_the_way(piece, leaves, leaving) for piece in {id(p): p for p in inner.values()}.values()
        )
        start = heads[0]
        if is_dispatched:
            start, inner = "", {"": self._dispatcher(name, due, heads, inner), **inner}
        steps, edges = assembled(inner, start, self.names, leaving)
        steps, edges, folded = without_idle_steps(steps, edges)
        self.stands_for.update(folded)
        loop = _loop_step(name, heads, leaves, outs, always_says)
        loop["body"] = {"steps": steps, "edges": edges}
        entries = {head: {due: head} for head in heads} if is_dispatched else {}
        return Piece(name, [loop], [], _transitions(name, leaves, outs), entries)

    def _dispatcher(self, name: str, due: str, heads: list[str], inner: Mapping[str, Piece]) -> Piece:
        """A step that leads to the state that is due."""
        step = self.names.new(f"choose_{name}")
        edges: list[EdgeDocument] = [
            {"from": step, "to": inner[head].first, "when": f"context.{due} == {text(head)}"}
            for head in heads[1:]
        ]
        edges.append({"from": step, "to": inner[heads[0]].first, "otherwise": True})
        return Piece(step, [{"name": step, "kind": "set", "values": {}}], edges)


def _loop_step(name: str, heads: list[str], leaves: str, outs: list[str], always_says: bool) -> StepDocument:
    until = f"output.{leaves} != {text(AGAIN)}" if always_says else f"has(output.{leaves})"
    return {
        "name": name,
        "title": f"Repeat from {heads[0]}"[:200],
        "kind": "loop",
        "until": until if outs else "false",
        "max_turns": TURNS_MAX,
    }


def _transitions(name: str, leaves: str, outs: list[str]) -> list[Transition]:
    if len(outs) == 1:
        return [Transition(name, outs[0])]
    ways = [Transition(name, out, {"when": f"context.{leaves} == {text(out)}"}) for out in outs[:-1]]
    return [*ways, Transition(name, outs[-1], {"otherwise": True})] if outs else []


def _ways_out(members: Mapping[str, Piece]) -> list[str]:
    targets = [way.target for piece in members.values() for way in piece.transitions]
    return list(dict.fromkeys(target for target in targets if target not in members))


def _says_the_way(piece: Piece, leaves: str, leaving: Any) -> bool:
    """Whether each way from a piece leads on inside, or the piece itself now sets where the way leads.

    A Choice whose ways all lead back or out becomes a step that computes the way.
    """
    markers = [leaving(way.target) for way in piece.transitions]
    if not any(markers):
        return bool(markers)
    conditions = [way.rules.get("when") for way in piece.transitions]
    has_default = conditions[-1] is None and all(conditions[:-1])
    if not (piece.is_choice and all(markers) and has_default and len(piece.steps) == 1):
        return False
    if any(marker.values is not None and leaves not in marker.values for marker in markers):
        return False
    targets = [text(AGAIN if marker.values is None else marker.values[leaves]) for marker in markers]
    ways = [f"({when}) ? {target} : " for when, target in zip(conditions[:-1], targets, strict=False)]
    if len("".join(ways)) > LENGTH_MAX - 200:
        return False
    piece.steps[0]["values"] = {leaves: f"={''.join(ways)}{targets[-1]}"}
    piece.transitions = []
    return True


def _is_entered(name: str, members: list[str], pieces: Mapping[str, Piece]) -> bool:
    return any(
        way.target == name
        for other, piece in pieces.items()
        if other not in members
        for way in piece.transitions
    )


def components(pieces: Mapping[str, Piece], cut: Set[str]) -> list[list[str]]:
    """The sets of states that lead to each other, and states that lead to themselves (Tarjan's algorithm)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def goals(name: str) -> list[str]:
        ways = (way.target for way in pieces[name].transitions)
        return [target for target in ways if target in pieces and target not in cut]

    def visit(name: str) -> None:
        number[name] = low[name] = len(number)
        stack.append(name)
        for target in goals(name):
            if target not in number:
                visit(target)
                low[name] = min(low[name], low[target])
            elif target in stack:
                low[name] = min(low[name], number[target])
        if low[name] == number[name]:
            members = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(members) > 1 or name in goals(name):
                found.append(members)

    for name in pieces:
        if name not in number:
            visit(name)
    return found

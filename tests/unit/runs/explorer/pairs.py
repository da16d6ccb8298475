"""Small workflows in pairs: a wrong one, with the property that it breaks and where, and the right one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.unit.runs.explorer.documents import (
    UNDO,
    Document,
    bare,
    body,
    each,
    flow,
    group,
    loop,
    of_kinds,
    task,
)


@dataclass(frozen=True)
class Pair:
    """`others`: the workflows that it runs, wrong and right."""

    name: str
    broken: str
    path: str
    step: str
    wrong: Document
    right: Document
    others: Mapping[str, tuple[Document, Document]] = field(default_factory=dict)


def unstated(name: str, path: str, step: str, make: Any) -> Pair:
    """Made of a step without a stated undo, and of the same with one."""
    return Pair(name, "accounted", path, step, make(bare(step)), make(task(step)))


def gap(name: str, path: str, step: str, make: Any, *pairs: str, closed: str) -> Pair:
    """Made of conditions that leave something out; `closed` is the edge that takes it."""
    return Pair(name, "branches", path, step, make(*pairs), make(*pairs, closed))


AB = [task("a"), task("b")]
ABC = [task("a"), task("b"), task("c")]
ABCD = [*ABC, task("d")]


def read(name: str, step: str, make: Any, wrong: str, right: str, path: str = "") -> Pair:
    """Made of an expression that reads what may be missing, and of one that asks first."""
    return Pair(name, "reads", path, step, make(wrong), make(right))


ACCOUNTED = [
    unstated("alone", "", "a", lambda a: flow([a])),
    unstated("first of two", "", "a", lambda a: flow([a, task("b")], "a b")),
    unstated("last of two", "", "b", lambda b: flow([task("a"), b], "a b")),
    unstated(
        "before a branch",
        "",
        "a",
        lambda a: flow([a, task("b"), task("c")], "a b, context.x > 1", "a c, otherwise"),
    ),
    unstated(
        "in one branch",
        "",
        "b",
        lambda b: flow([task("a"), b, task("c")], "a b, context.x > 1", "a c, otherwise"),
    ),
    unstated("beside another", "", "b", lambda b: flow([task("a"), b, task("c")], "a b", "a c")),
    unstated("in a group", "g/", "a", lambda a: flow([group("g", body([a]))])),
    unstated("in a map", "m[0]/", "a", lambda a: flow([each("m", body([a]))])),
    unstated("in a loop", "l[0]/", "a", lambda a: flow([loop("l", body([a]))])),
    unstated(
        "in a group in a map", "m[0]/g/", "a", lambda a: flow([each("m", body([group("g", body([a]))]))])
    ),
    unstated(
        "behind an error edge", "", "b", lambda b: flow([task("a"), b, task("c")], "a b, failed", "b c")
    ),
    unstated("under a guard", "", "b", lambda b: flow([task("a"), {**b, "when": "context.x > 1"}], "a b")),
    unstated(
        "with a fallback", "", "a", lambda a: flow([{**a, "fallback": {"worker": "other"}}, task("b")], "a b")
    ),
    Pair(
        "items of a worker",
        "accounted",
        "",
        "m",
        flow([{"name": "m", "kind": "map", "items": "=context.items", "worker": "do"}]),
        flow([{"name": "m", "kind": "map", "items": "=context.items", "worker": "do", "compensation": UNDO}]),
    ),
    Pair(
        "turns of a worker",
        "accounted",
        "",
        "l",
        flow([{"name": "l", "kind": "loop", "max_turns": 2, "worker": "do"}]),
        flow([{"name": "l", "kind": "loop", "max_turns": 2, "worker": "do", "compensation": UNDO}]),
    ),
    Pair(
        "in another workflow",
        "accounted",
        "w/",
        "a",
        flow([{"name": "w", "kind": "workflow", "workflow": "inner"}]),
        flow([{"name": "w", "kind": "workflow", "workflow": "inner"}]),
        {"inner": (flow([bare("a")]), flow([task("a")]))},
    ),
]
BRANCHES = [
    gap(
        "one condition",
        "",
        "a",
        lambda *pairs: flow(AB, *pairs),
        "a b, context.x > 1",
        closed="a b, otherwise",
    ),
    gap(
        "a gap of numbers",
        "",
        "a",
        lambda *pairs: flow(ABC, *pairs),
        "a b, context.x > 10",
        "a c, context.x < 5",
        closed="a c, otherwise",
    ),
    gap(
        "the bound itself",
        "",
        "a",
        lambda *pairs: flow(ABC, *pairs),
        "a b, context.x > 10",
        "a c, context.x < 10",
        closed="a c, context.x == 10",
    ),
    gap(
        "texts",
        "",
        "a",
        lambda *pairs: flow(ABC, *pairs),
        'a b, context.x == "one"',
        'a c, context.x == "two"',
        closed="a c, otherwise",
    ),
    gap("a flag", "", "a", lambda *pairs: flow(AB, *pairs), "a b, context.ok", closed="a b, !context.ok"),
    gap(
        "an enumeration",
        "",
        "a",
        lambda *pairs: flow(ABC, *pairs, input_schema=of_kinds("x", "y", "z")),
        'a b, input.kind == "x"',
        'a c, input.kind == "y"',
        closed='a c, input.kind == "z"',
    ),
    gap(
        "a schema's bound",
        "",
        "a",
        lambda *pairs: flow(ABC, *pairs, input_schema=of_kinds("x")),
        "a b, input.amount > 0",
        closed="a c, input.amount == 0",
    ),
    gap(
        "two values",
        "",
        "a",
        lambda *pairs: flow(ABCD, *pairs),
        "a b, context.x > 1 && context.y > 1",
        "a c, context.x <= 1",
        closed="a d, context.y <= 1",
    ),
    gap(
        "a length",
        "",
        "a",
        lambda *pairs: flow(ABC, *pairs),
        "a b, size(context.items) > 1",
        "a c, size(context.items) == 0",
        closed="a c, size(context.items) == 1",
    ),
    gap(
        "in a group",
        "g/",
        "a",
        lambda *pairs: flow([group("g", body(AB, *pairs))]),
        "a b, context.x > 1",
        closed="a b, otherwise",
    ),
    gap(
        "in a map",
        "m[0]/",
        "a",
        lambda *pairs: flow([each("m", body(AB, *pairs))]),
        "a b, context.x > 1",
        closed="a b, otherwise",
    ),
    gap(
        "in a loop",
        "l[0]/",
        "a",
        lambda *pairs: flow([loop("l", body(AB, *pairs))]),
        "a b, context.x > 1",
        closed="a b, otherwise",
    ),
    gap(
        "after a wait",
        "",
        "a",
        lambda *pairs: flow([{"name": "a", "kind": "wait", "signal": "go"}, task("b")], *pairs),
        "a b, context.x > 1",
        closed="a b, otherwise",
    ),
    gap(
        "of what a step gave",
        "",
        "a",
        lambda *pairs: flow(ABC, *pairs),
        "a b, steps.a.n == 1",
        "a c, steps.a.n == 2",
        closed="a c, otherwise",
    ),
]
READS = [
    read(
        "the other branch",
        "d",
        lambda text: flow(
            [*ABC, task("d", params={"n": f"={text}"})], "a b, context.x > 1", "a c, otherwise", "b d", "c d"
        ),
        "steps.b.n",
        "has(steps.b) ? steps.b.n : 0",
    ),
    read(
        "a step under a guard",
        "c",
        lambda text: flow(
            [task("a"), task("b", when="context.x > 1"), task("c", params={"n": f"={text}"})], "a b", "b c"
        ),
        "steps.b.n",
        "has(steps.b) ? steps.b.n : 0",
    ),
    read(
        "a failure passed over",
        "b",
        lambda text: flow([task("a", on_failure="continue"), task("b", params={"n": f"={text}"})], "a b"),
        "steps.a.n",
        "has(steps.a.n) ? steps.a.n : 0",
    ),
    read(
        "a failure that is caught",
        "b",
        lambda text: flow([task("a"), task("b", params={"n": f"={text}"})], "a b, failed"),
        "steps.a.n",
        "has(steps.a.n) ? steps.a.n : 0",
    ),
    read(
        "in a guard",
        "d",
        lambda text: flow([*ABC, task("d", when=text)], "a b, context.x > 1", "a c, otherwise", "b d", "c d"),
        "steps.b.n > 1",
        "has(steps.b) && steps.b.n > 1",
    ),
    read(
        "in values that are set",
        "d",
        lambda text: flow(
            [*ABC, {"name": "d", "kind": "set", "values": {"n": f"={text}"}}],
            "a b, context.x > 1",
            "a c, otherwise",
            "b d",
            "c d",
        ),
        "steps.b.n",
        "has(steps.b) ? steps.b.n : 0",
    ),
    read(
        "in a list of items",
        "d",
        lambda text: flow(
            [*ABC, {"name": "d", "kind": "map", "items": f"={text}", "worker": "do", "compensation": UNDO}],
            "a b, context.x > 1",
            "a c, otherwise",
            "b d",
            "c d",
        ),
        "steps.b.list",
        "has(steps.b) ? steps.b.list : []",
    ),
    read(
        "in the input of a run",
        "d",
        lambda text: flow(
            [*ABC, group("d", body([task("e")]), input={"n": f"={text}"})],
            "a b, context.x > 1",
            "a c, otherwise",
            "b d",
            "c d",
        ),
        "steps.b.n",
        "has(steps.b) ? steps.b.n : 0",
    ),
    read(
        "in a question",
        "d",
        lambda text: flow(
            [*ABC, {"name": "d", "kind": "approval", "message": f"={text}"}],
            "a b, context.x > 1",
            "a c, otherwise",
            "b d",
            "c d",
        ),
        "steps.b.text",
        'has(steps.b) ? steps.b.text : ""',
    ),
    read(
        "in a condition of an edge",
        "d",
        lambda text: flow(
            [*ABCD, task("e")],
            "a b, context.x > 1",
            "a c, otherwise",
            "b d",
            "c d",
            f"d e, {text}",
            "d e, otherwise",
        ),
        "steps.b.n > 1",
        "has(steps.b) && steps.b.n > 1",
    ),
]
PAIRS = [*ACCOUNTED, *BRANCHES, *READS]
assert len(PAIRS) == 40

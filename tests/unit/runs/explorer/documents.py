"""Small workflows, written shortly."""

from __future__ import annotations

from typing import Any

from designer.document.document import parse
from designer.document.graph import Graph
from designer.document.resolve import resolve_graph
from workers.sdk.spec import WorkerSpec

Document = dict[str, Any]


def work() -> None:
    """The function of every worker here; nothing calls it."""


CATALOG = {
    name: WorkerSpec(name, work, "", is_async=False, takes=frozenset())
    for name in ("do", "undo", "ask", "other")
}
UNDO = {"worker": "undo"}


def graph_of(document: Document) -> Graph:
    graph, problems = parse({"schema": 1, "name": "shown", **document})
    assert graph is not None, problems
    return resolve_graph(graph, CATALOG)


def task(name: str, **fields: Any) -> Document:
    return {"name": name, "worker": "do", "compensation": UNDO, **fields}


def bare(name: str, **fields: Any) -> Document:
    """A task whose undo nobody has stated."""
    return {"name": name, "worker": "do", **fields}


def edges(*pairs: str) -> list[Document]:
    """Edges as `a b`; with a condition behind a comma, or `otherwise`, or `failed`."""
    found = []
    for pair in pairs:
        ends, _, rest = pair.partition(", ")
        source, target = ends.split()
        more: Document = {}
        if rest == "otherwise":
            more = {"otherwise": True}
        elif rest == "failed":
            more = {"on": "failed"}
        elif rest:
            more = {"when": rest}
        found.append({"from": source, "to": target, **more})
    return found


def flow(steps: list[Document], *pairs: str, **fields: Any) -> Document:
    return {"steps": steps, "edges": edges(*pairs), **fields}


def body(steps: list[Document], *pairs: str) -> Document:
    return {"steps": steps, "edges": edges(*pairs)}


def group(name: str, inside: Document, **fields: Any) -> Document:
    return {"name": name, "kind": "group", "body": inside, **fields}


def each(name: str, inside: Document, **fields: Any) -> Document:
    return {"name": name, "kind": "map", "items": "=context.items", "body": inside, **fields}


def loop(name: str, inside: Document, **fields: Any) -> Document:
    return {"name": name, "kind": "loop", "max_turns": 3, "until": "=output.done", "body": inside, **fields}


def of_kinds(*kinds: str) -> Document:
    properties = {
        "kind": {"enum": list(kinds)},
        "amount": {"type": "integer", "minimum": 0},
        "ok": {"type": "boolean"},
    }
    return {"type": "object", "properties": properties}

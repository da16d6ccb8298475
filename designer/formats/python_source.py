"""Writes a graph as Python code that builds it again with `designer.builder`. PURE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise, takewhile
from keyword import iskeyword
from pprint import pformat
from textwrap import indent
from typing import Any

from designer.document.document import dump
from designer.document.graph import IRREVERSIBLE, NO_UNDO, Edge, Graph
from designer.document.kinds import DEFAULT_KIND, KINDS

WIDTH = 100
CALLS = ("compensation", "verify", "fallback")


def to_python(graph: Graph) -> str:
    """Returns a module with one function, `create_<name>`, that builds the graph.

    A chain is written with the builder's chaining methods, any other graph with `step` and `edge`.
    """
    document = dump(graph)
    steps, edges = document.pop("steps", []), document.pop("edges", [])
    options = {key: value for key, value in document.items() if key not in ("schema", "name")}
    calls = [
        _call("WorkflowBuilder", [graph.name], options),
        *(f".{call}" for call in _chained_calls(steps) if _is_chain(graph)),
        *(f".{call}" for call in _drawn_calls(steps, edges) if not _is_chain(graph)),
        ".build()",
    ]
    body = indent("\n".join(calls), " " * 8)
    return (
        "from designer.builder import WorkflowBuilder\n"
        "from designer.document.graph import Graph\n\n\n"
        f"def create_{graph.name}() -> Graph:\n    return (\n{body}\n    )\n"
    )


def _is_chain(graph: Graph) -> bool:
    names = [step.name for step in graph.steps]
    return list(graph.edges) == [Edge(source, target) for source, target in pairwise(names)]


def _chained_calls(steps: list[dict[str, Any]]) -> Iterator[str]:
    for step in steps:
        row = KINDS[step.get("kind", DEFAULT_KIND)]
        leading = list(takewhile(step.__contains__, row.leading or row.required))
        options = {key: value for key, value in step.items() if key not in (*leading, "kind")}
        yield _call(row.method, [step[key] for key in leading], options)


def _drawn_calls(steps: list[dict[str, Any]], edges: list[dict[str, Any]]) -> Iterator[str]:
    for step in steps:
        yield _call("step", [step["name"]], {key: value for key, value in step.items() if key != "name"})
    for edge in edges:
        ends = [edge["from"], edge["to"]]
        yield _call("edge", ends, {key: value for key, value in edge.items() if key not in ("from", "to")})


def _call(function: str, leading: list[Any], options: Mapping[str, Any]) -> str:
    """A call on one line, or with one argument a line where that is too long."""
    arguments = [repr(value) for value in leading]
    for key, value in options.items():
        literal = pformat(_shortened(key, value), width=WIDTH, sort_dicts=False)
        word = f"{key}_" if iskeyword(key) else key
        arguments.append(f"{word}={literal}".replace("\n", "\n    "))
    line = f"{function}({', '.join(arguments)})"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    return f"{function}(\n" + indent(",\n".join(arguments), "    ") + ",\n)"


def _shortened(key: str, value: Any) -> Any:
    """Shortens a compensation, verification or fallback that states nothing but its worker to the name."""
    is_name_only = key in CALLS and isinstance(value, dict) and value.keys() == {"worker"}
    return value["worker"] if is_name_only and value["worker"] not in (NO_UNDO, IRREVERSIBLE) else value

"""Graphs and tests as short as they are said."""

from __future__ import annotations

from typing import Any

from designer.document.document import parse
from designer.document.graph import Graph
from designer.saved_tests.reading import read_tests
from runs.testing.play import Surroundings
from runs.testing.running import Result, run_test

NO_RETRY = {"max_attempts": 1, "jitter": 0}
TWICE = {"max_attempts": 2, "initial": 5, "jitter": 0}


def step(name: str, **fields: Any) -> dict[str, Any]:
    kind = fields.get("kind", "task")
    work: dict[str, Any] = {"worker": "act"} if kind == "task" else {}
    undo = {"compensation": {"worker": "undo", "retry": NO_RETRY}} if kind == "task" else {}
    return {"name": name, **work, **undo, **({"retry": NO_RETRY} if work else {}), **fields}


def graph(*steps: dict[str, Any], edges: list[dict[str, Any]] | None = None, **fields: Any) -> Graph:
    """A chain, unless `edges` say something else."""
    chain = [{"from": a["name"], "to": b["name"]} for a, b in zip(steps, steps[1:], strict=False)]
    document = {"schema": 1, "name": "flow", "steps": list(steps), "edges": chain if edges is None else edges}
    found, problems = parse({**document, **fields})
    assert found is not None, problems
    return found


def play(flow: Graph, library: dict[str, Graph] | None = None, **test: Any) -> Result:
    tests, problems = read_tests([{"name": "a test", **test}])
    assert not problems, problems
    known = library or {}
    return run_test(tests[0], flow, Surroundings(lambda name, version: known.get(name)))

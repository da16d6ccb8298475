"""What the tests of designs share: a small catalog, published workflows, random graphs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from designer.document.document import parse
from designer.document.graph import Graph

CONTRACT = Path(__file__).parents[2] / "contract"


@dataclass(frozen=True)
class FakeSpec:
    takes: frozenset[str] = frozenset({"context"})
    timeout: float | None = None
    retry: Mapping[str, Any] | None = None
    queue: str | None = None
    limit: str | None = None
    compensation: str | None = None
    params_schema: Mapping[str, Any] | None = field(default=None)


def contract(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((CONTRACT / f"{name}.json").read_text(encoding="utf-8"))
    return document


def catalog() -> dict[str, FakeSpec]:
    """The workers of `tests/contract/world.json`."""
    workers = contract("world")["workers"]
    return {
        name: FakeSpec(
            takes=frozenset(spec.get("takes", ["context"])),
            compensation=spec.get("compensation"),
            params_schema=spec.get("params_schema"),
        )
        for name, spec in workers.items()
    }


def published(name: str, version: int | None) -> Graph | None:
    """The workflows of `tests/contract/world.json`; each has the one version 1."""
    document = contract("world")["workflows"].get(name)
    return parse(document)[0] if document and version in (None, 1) else None


def nothing_published(name: str, version: int | None) -> Graph | None:
    return None


def graph_of(document: Mapping[str, Any]) -> Graph:
    graph, problems = parse({"schema": 1, "name": "main", **document})
    assert graph is not None, problems
    return graph

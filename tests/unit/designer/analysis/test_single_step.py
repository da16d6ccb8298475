"""One step of a document as a document of its own, also one of a body."""

from __future__ import annotations

from typing import Any

import pytest

from designer.analysis.single_step import places_of, single_step

INNER = {"name": "work", "worker": "act", "when": "context.never", "params": {"n": "=context.n"}}
GROUP = {"name": "g", "kind": "group", "body": {"steps": [{"name": "a"}, INNER]}}
DOCUMENT: dict[str, Any] = {
    "schema": 1,
    "name": "sample",
    "defaults": {"timeout": 5},
    "steps": [{"name": "a"}, {"name": "h", "kind": "group", "body": {"steps": [GROUP]}}, 7, {"name": "a"}],
}


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("h", [(1,)]),
        ("a", [(0,), (3,)]),
        ("h/g", [(1, 0)]),
        ("h/g/work", [(1, 0, 1)]),
        ("a/work", []),
        ("h/work", []),
        ("h/", []),
    ],
)
def test_a_step_is_found_by_its_path(path: str, places: list[tuple[int, ...]]) -> None:
    assert places_of(DOCUMENT, path) == places


def test_a_step_of_a_body_stands_alone() -> None:
    alone = single_step(DOCUMENT, (1, 0, 1), {"context": {"n": 3}})
    (step,) = alone["steps"]
    assert step == {"name": "work", "worker": "act", "params": {"n": 3}, "on_failure": "compensate"}
    assert (alone["name"], alone["defaults"]) == ("sample", {"timeout": 5})

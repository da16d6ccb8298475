"""What if a step of a body fails? What its own graph undoes, then what follows for the steps around it."""

from __future__ import annotations

from typing import Any

import pytest

from designer.analysis.what_if import preview
from designer.errors import NoPlan, UnknownStep
from workers.registry import get_catalog

Json = dict[str, Any]


def act(name: str, **fields: Any) -> Json:
    return {"name": name, "worker": "act", "compensation": {"worker": f"undo_{name}"}, **fields}


def graph(*steps: Json, edges: list[Json] | None = None) -> Json:
    """The steps one after the other, unless edges are given."""
    names = [step["name"] for step in steps]
    chain = [{"from": a, "to": b} for a, b in zip(names, names[1:], strict=False)]
    return {"steps": list(steps), "edges": chain if edges is None else edges}


def holding(kind: str, name: str, body: Json, **fields: Any) -> Json:
    return {"name": name, "kind": kind, "body": body, **fields}


def plan(failing: str, *steps: Json, **fields: Any) -> Json:
    document = {"schema": 1, "name": "sample", **graph(*steps), **fields}
    return preview(document, failing, get_catalog())


def undone(found: Json) -> list[tuple[str, int]]:
    return [(undo["step"], undo["place"]) for undo in found["undo"]]


INNER = graph(act("b"), act("c"), act("d"))


def test_what_a_body_has_done_is_undone_before_what_lies_before_the_step_around() -> None:
    found = plan("g/c", act("a"), holding("group", "g", INNER), act("z"))
    assert (found["step"], undone(found)) == ("g/c", [("g/b", 1)])
    (around,) = found["around"]
    assert (around["step"], undone(around), around["unless"]) == ("g", [("a", 2)], [])


def test_the_plan_of_an_outermost_step_has_nothing_around() -> None:
    found = plan("z", holding("group", "g", INNER), act("z"))
    assert (undone(found), found["around"]) == ([("g", 1)], [])


def test_every_step_around_has_its_part() -> None:
    inner = graph(act("m"), holding("group", "n", INNER))
    found = plan("g/n/c", act("a"), holding("group", "g", inner))
    assert [undone(part) for part in (found, *found["around"])] == [[("g/n/b", 1)], [("g/m", 2)], [("a", 3)]]


@pytest.mark.parametrize("kind", ["loop", "map"])
def test_completed_turns_and_items_are_undone_too(kind: str) -> None:
    fields: Json = {"max_turns": 3} if kind == "loop" else {"items": "=context.list", "tolerate": 1}
    (around,) = plan("r/c", holding(kind, "r", INNER, retry={"max_attempts": 2}, **fields))["around"]
    tolerated = [] if kind == "loop" else ["tolerated"]
    assert around["earlier"] == {"loop": "turns", "map": "items"}[kind]
    assert around["unless"] == ["retried", *tolerated]


def test_a_loop_with_a_body_before_the_failure_is_undone_by_its_runs() -> None:
    found = plan("z", holding("loop", "r", INNER, max_turns=3), act("z"))
    assert undone(found) == [("r", 1)] and not found["harmless"]


@pytest.mark.parametrize("slot", ["none", "irreversible"])
def test_completed_turns_without_an_undo_are_not(slot: str) -> None:
    (around,) = plan("r/c", holding("loop", "r", INNER, max_turns=3, compensation=slot))["around"]
    assert around["earlier"] is None


def test_a_failure_that_the_body_leaves_out_or_always_catches_goes_no_further() -> None:
    left_out = graph(act("b"), act("c", on_failure="continue"))
    assert plan("g/c", act("a"), holding("group", "g", left_out))["around"] == []
    edge = {"from": "b", "to": "c", "on": "failed"}
    caught = holding("group", "g", graph(act("b"), act("c"), edges=[edge]))
    assert plan("g/b", caught)["around"] == []
    some = holding("group", "g", graph(act("b"), act("c"), edges=[{**edge, "errors": ["payment.*"]}]))
    found = plan("g/b", some)
    assert found["catches"][0]["leads_to"] == ["g/c"] and len(found["around"]) == 1


def test_what_catches_the_failure_of_the_group_is_in_its_part() -> None:
    steps = (holding("group", "g", INNER), act("z"))
    edges = [{"from": "g", "to": "z", "on": "failed"}]
    (around,) = plan("g/c", *steps, edges=edges)["around"]
    assert [catch["leads_to"] for catch in around["catches"]] == [["z"]]


@pytest.mark.parametrize("path", ["g/none", "none/c", "a/c", "g/c/d", "", "g/"])
def test_a_path_that_leads_nowhere_is_an_error(path: str) -> None:
    with pytest.raises(UnknownStep):
        plan(path, act("a"), holding("group", "g", INNER))


def test_a_circle_in_a_body_has_no_plan() -> None:
    circle = graph(act("b"), act("c"), edges=[{"from": "b", "to": "c"}, {"from": "c", "to": "b"}])
    with pytest.raises(NoPlan):
        plan("g/c", holding("group", "g", circle))

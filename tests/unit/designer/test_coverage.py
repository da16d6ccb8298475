"""What if this step fails? The same ordering as the real rollback."""

from __future__ import annotations

import pytest

from designer.coverage import Done, assumed_failure, plan_of
from designer.graph import IRREVERSIBLE, NO_UNDO, Action, Edge, Graph, Step

UNDO = Action("undo")


def edge_of(text: str) -> Edge:
    source, _, target = text.partition(">")
    return Edge(source, target)


def graph(*edges: str, **undos: object) -> Graph:
    names = dict.fromkeys(name for edge in edges for name in edge.split(">"))
    steps = tuple(Step(name, worker="act", compensation=undos.get(name, UNDO)) for name in names)  # type: ignore[arg-type]
    return Graph("sample", steps=steps, edges=tuple(edge_of(edge) for edge in edges))


def test_steps_before_the_failure_are_undone_latest_first() -> None:
    found = assumed_failure(graph("a>b", "b>c", "c>d"), "c")
    assert found.plan.undo == ("b", "a")
    assert (found.plan.remains, found.maybe, found.unstated) == ((), (), ())


def test_steps_beside_it_may_have_completed() -> None:
    found = assumed_failure(graph("a>b", "a>c", "b>d", "c>d"), "b")
    assert found.plan.undo == ("a",)
    assert found.maybe == ("c",)


@pytest.mark.parametrize(
    ("slot", "remains", "unstated"), [(NO_UNDO, (), ()), (IRREVERSIBLE, ("a",), ()), (None, (), ("a",))]
)
def test_what_cannot_be_undone_is_said(slot: object, remains: object, unstated: object) -> None:
    found = assumed_failure(graph("a>b", "b>c", a=slot), "c")
    assert (found.plan.undo, found.plan.remains, found.unstated) == (("b",), remains, unstated)


def test_a_completed_child_run_is_undone_unless_the_step_says_otherwise() -> None:
    steps = (Step("sub", kind="workflow", workflow="child"), Step("z", worker="act"))
    nested = Graph("sample", steps=steps, edges=(Edge("sub", "z"),))
    assert assumed_failure(nested, "z").plan.undo == ("sub",)


def test_items_of_a_map_are_undone_one_by_one_and_the_map_itself_is_not() -> None:
    mapped = Graph("sample", steps=(Step("m", kind="map", worker="act", compensation=UNDO, items="[1, 2]"),))
    done = [Done("m[1]", "m"), Done("m[0]", "m"), Done("m", "m", is_map=True)]
    assert plan_of(mapped, done).undo == ("m[0]", "m[1]")


def test_a_step_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        assumed_failure(graph("a>b"), "nobody")

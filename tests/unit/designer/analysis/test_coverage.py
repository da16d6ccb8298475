"""What if this step fails? The same ordering as the real rollback."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from designer.analysis.coverage import Done, assumed_failure, plan_of
from designer.document.graph import IRREVERSIBLE, NO_UNDO, Action, Defaults, Edge, Graph, Step

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


def conditional(*edges: str, **steps: Any) -> Graph:
    """Edges `a?b` are conditional."""
    plain = graph(*(edge.replace("?", ">") for edge in edges))
    found = tuple(
        replace(edge, when="true") if "?" in text else edge
        for edge, text in zip(plain.edges, edges, strict=True)
    )
    changed = (replace(step, **steps.get(step.name, {})) for step in plain.steps)
    return plain.with_steps(changed, found)


def test_steps_of_branches_are_undone_only_where_they_ran() -> None:
    branches = conditional("a?b", "a?c", "b>d", "c>d", "d>e")
    assert assumed_failure(branches, "e").unsure == {"b", "c"}
    assert assumed_failure(branches, "b").unsure == set()
    assert assumed_failure(conditional("a?b", "b>c"), "c").unsure == set(), "c is reached through b alone"
    guarded = conditional("a>b", "b>c", b={"when": "context.x"})
    assert assumed_failure(guarded, "c").unsure == {"b"}


def test_undos_have_numbers_and_those_of_one_number_go_together() -> None:
    diamond = graph("a>b", "a>c", "b>d", "c>d", "d>e")
    assert assumed_failure(diamond, "e").waves == {"d": 1, "c": 2, "b": 3, "a": 4}
    parallel = replace(diamond, compensation_order="parallel")
    assert assumed_failure(parallel, "e").waves == {"d": 1, "c": 2, "b": 2, "a": 3}


def test_what_a_failure_leads_to_by_itself() -> None:
    row = conditional("a>b", "b>c", b={"pivot": True}, c={"on_failure": "compensate"})
    assert assumed_failure(row, "b").answer == "compensate"
    assert assumed_failure(row, "c").answer == "pivot"
    assert assumed_failure(conditional("a>b", b={"on_failure": "pause"}), "b").answer == "pause"
    by_default = replace(graph("a>b"), defaults=Defaults(on_failure="continue"))
    assert assumed_failure(by_default, "b").answer == "continue"


def test_what_has_nothing_to_undo_is_harmless() -> None:
    assert assumed_failure(graph("a>b", "b>c", a=NO_UNDO), "c").harmless == ("a",)


def test_a_long_chain_takes_no_longer_than_one_can_wait() -> None:
    """Twice the steps take about twice the work: counted in the lookups of edges."""
    small, large = (edges_looked_at(count) for count in (250, 500))
    assert large < 3 * small


def edges_looked_at(count: int) -> int:
    class Counting(dict[str, Any]):
        count = 0

        def __getitem__(self, name: str) -> Any:
            self.count += 1
            return super().__getitem__(name)

    long = graph(*(f"s{place}>s{place + 1}" for place in range(count)))
    incoming, outgoing = Counting(long.incoming), Counting(long.outgoing)
    long.__dict__["incoming"], long.__dict__["outgoing"] = incoming, outgoing
    assumed_failure(long, f"s{count}")
    return incoming.count + outgoing.count


def test_a_step_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        assumed_failure(graph("a>b"), "nobody")

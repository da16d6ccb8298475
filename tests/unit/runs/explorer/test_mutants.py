"""The prover, proven: rules made wrong on purpose are found by exploring workflows."""

from __future__ import annotations

from functools import cache

import pytest

from designer import patterns
from designer.document.document import parse
from designer.document.graph import Graph
from designer.document.resolve import resolve_graph
from runs.explorer.search import Budget, explore
from tests.unit.runs.explorer.documents import bare, body, each, flow, graph_of, group, loop, task
from tests.unit.runs.explorer.mutants import MUTANTS, Mutant, wrong
from workers.registry import get_catalog

EQUAL = {
    "pivots below are passed": "the run below refuses by its own rule, and the person is asked then",
    "pivots below are not told": "as above: the run below refuses, and its parent learns of the pivot",
    "runs under way are not cancelled": "what they did is undone when they have ended; it only takes longer",
    "the other act is undone again and again": "what is known of an act is cleared as its undo ends",
    "items are undone once": "it is the status that a page shows of a map; nothing is decided by it",
}
"""Mutants that leave what the properties say as it is, with the reason. No exploration can find them."""
SURVIVORS: dict[str, str] = {}
"""Mutants that break a property and that no exploration finds. At most one in twenty may survive."""
SHARE_MAX = 0.05
IRREVERSIBLE = {"compensation": "irreversible"}
BESIDE = ("a b", "a c", "b d", "c d")
SMALL = (
    flow([task("a"), task("b"), task("c"), task("d")], *BESIDE),
    flow([task("a"), task("b"), task("c"), task("d")], *BESIDE, compensation_order="parallel"),
    flow([task("a"), bare("b", **IRREVERSIBLE), task("c")], "a b", "a c"),
    flow([task("a"), bare("b", **IRREVERSIBLE), task("c")], "a b", "b c"),
    flow([task("a"), task("b", pivot=True), task("c"), task("d")], "a b", "b c", "c d"),
    flow([task("a", fallback={"worker": "other"}), task("b")], "a b"),
    flow([task("a", fallback={"worker": "other"}, verify={"worker": "ask"}), task("b")], "a b"),
    flow([task("a", verify={"worker": "ask"}), task("b")], "a b"),
    flow([task("a"), task("b")], "a b", continue_compensating=True),
    flow([task("a"), task("b"), task("c")], "a b, context.x > 1", "a c, otherwise"),
    flow([task("a"), task("b"), task("c"), task("d")], "a b, context.x > 1", "a c, otherwise", "b d", "c d"),
    flow(
        [task("a"), each("m", body([task("i"), task("j")], "i j")), task("z")],
        "a m",
        "m z",
        compensation_order="parallel",
    ),
    flow([task("a"), loop("l", body([task("i")])), task("z")], "a l", "l z", compensation_order="parallel"),
    flow(
        [
            task("a"),
            {
                "name": "m",
                "kind": "map",
                "items": "=context.items",
                "worker": "do",
                "compensation": {"worker": "undo"},
            },
            task("z"),
        ],
        "a m",
        "m z",
        compensation_order="parallel",
    ),
    flow(
        [
            {"name": "l", "kind": "loop", "max_turns": 2, "worker": "do", "compensation": {"worker": "undo"}},
            task("z"),
        ],
        "l z",
        compensation_order="parallel",
    ),
    flow([group("g", body([task("i", pivot=True), task("j")], "i j")), task("z")], "g z"),
    flow([group("g", body([task("i")])), task("b"), task("c")], "g b", "g c"),
    flow([task("a"), task("b", on_failure="pause")], "a b"),
    flow([task("a"), task("b"), task("c")], "a b", "a c, failed"),
)


def found(mutant: Mutant) -> bool:
    with wrong(mutant):
        return any(_is_broken(graph) for graph in subjects())


def _is_broken(graph: Graph) -> bool:
    try:
        return not explore(graph, lambda name, version: shipped().get(name), Budget(pairs=300)).is_proven
    except Exception:  # a rule that breaks is found, too
        return True


@cache
def shipped() -> dict[str, Graph]:
    graphs = [parse(document)[0] for document in patterns.load()]
    return {graph.name: resolve_graph(graph, get_catalog()) for graph in graphs if graph}


@cache
def subjects() -> list[Graph]:
    return [*(graph_of(document) for document in SMALL), *shipped().values()]


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_wrong_rule_is_found(mutant: Mutant) -> None:
    assert found(mutant) is (mutant.says not in {**EQUAL, **SURVIVORS})


def test_few_survive() -> None:
    assert len(SURVIVORS) <= SHARE_MAX * (len(MUTANTS) - len(EQUAL))


def test_the_right_rules_are_not_taken_for_wrong_ones() -> None:
    assert not any(map(_is_broken, subjects()))

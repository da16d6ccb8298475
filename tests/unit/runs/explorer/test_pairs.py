"""The explorer on forty wrong workflows and on forty right ones."""

from __future__ import annotations

import pytest

from designer.document.graph import Graph
from runs.explorer.search import Budget, Exploration, explore
from runs.explorer.story import story_of
from tests.unit.runs.explorer.documents import Document, graph_of
from tests.unit.runs.explorer.pairs import PAIRS, Pair

LONGEST = 30  # entries; what breaks a workflow of a few steps is told in so many


def explored(pair: Pair, document: Document, place: int) -> Exploration:
    others = {name: graph_of({"name": name, **both[place]}) for name, both in pair.others.items()}

    def library(name: str, version: int | None) -> Graph | None:
        return others.get(name)

    return explore(graph_of(document), library, Budget(pairs=500))


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.broken}, {pair.name}")
def test_a_wrong_workflow_breaks_its_property_and_no_other(pair: Pair) -> None:
    found = explored(pair, pair.wrong, 0)
    assert not found.is_proven
    assert {one.violation.broken for one in found.counterexamples.values()} == {pair.broken}
    shortest = min(found.counterexamples.values(), key=lambda one: one.world.length)
    assert (shortest.violation.path, shortest.violation.step.partition("[")[0]) == (pair.path, pair.step)
    assert shortest.world.length <= LONGEST
    assert story_of(shortest.world)[-1].startswith("The run")


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.broken}, {pair.name}")
def test_the_right_one_is_proven(pair: Pair) -> None:
    found = explored(pair, pair.right, 1)
    assert [one.violation for one in found.counterexamples.values()] == []
    assert found.is_proven

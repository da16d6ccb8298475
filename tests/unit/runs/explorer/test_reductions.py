"""The search's reductions against every history in every order, on small workflows."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pytest

from runs.explorer.properties import Violation
from runs.explorer.search import Budget, Exploration, Search, explore
from runs.explorer.world import World
from tests.unit.runs.explorer.brute_force import end_of, every_history
from tests.unit.runs.explorer.documents import Document, body, each, flow, graph_of, group, task
from tests.unit.runs.explorer.mutants import MUTANTS, wrong
from tests.unit.runs.explorer.pairs import PAIRS

BESIDE = [task("a"), task("b"), task("c")]
SMALL: dict[str, Document] = {
    "in a row": flow(BESIDE, "a b", "b c"),
    "two beside": flow(BESIDE, "a b", "a c"),
    "two from the start": flow([task("a"), task("b")]),
    "a join": flow(BESIDE, "a c", "b c"),
    "two beside, undone side by side": flow(BESIDE, "a b", "a c", compensation_order="parallel"),
    "one beside that stays": flow(
        [task("a"), task("b"), {**task("c"), "compensation": "irreversible"}], "a b", "a c"
    ),
    "one that asks": flow([task("a"), task("b", on_failure="pause"), task("c")], "a b", "a c"),
    "a branch beside": flow(BESIDE, "a b, context.x > 1", "a c, otherwise"),
    "an error edge": flow(BESIDE, "a b", "a c, failed"),
    "a point of no return": flow([task("a"), task("b", pivot=True), task("c")], "a c", "b c"),
    "a body": flow([group("g", body([task("i")])), task("b")], "g b"),
    "items": flow([each("m", body([task("i")]))]),
}
ORDERED = (
    "the first comes first",
    "undone by name",
    "what is queued still begins",
    "undos begin too soon",
    "a late failure is not undone",
    "what ends late is not undone",
    "what ends late and stays is not named",
    "what ends late is undone beside the others",
    "undos do not wait",
    "late undos are not waited for",
    "what stays late is not counted",
    "joins do not wait",
)
"""Rules whose faults show in some orders only."""


def subjects(violations: Any) -> set[tuple[str, str, str]]:
    found: set[tuple[str, str, str]] = {violation.subject for violation in violations}
    return found


def explored(document: Document) -> tuple[Exploration, set[Hashable]]:
    """What the search finds, and how its histories end."""
    ends: set[Hashable] = set()

    class Ending(Search):
        def _end(self, task: Any, world: World) -> None:
            ends.add(end_of(world))
            super()._end(task, world)

    search = Ending(graph_of(document), lambda name, version: None, Budget(pairs=0), lambda found: True)
    return search.run(), ends


@pytest.mark.parametrize("name", SMALL)
def test_it_ends_only_as_some_history_does(name: str) -> None:
    """No history is made up: each end is one that some order leads to."""
    found, ends = explored(SMALL[name])
    broken, all_ends = every_history(graph_of(SMALL[name]))
    assert broken == set() and found.is_proven
    assert ends <= all_ends
    assert len(ends) > len(all_ends) / 2, "the search leaves out most of the ends"


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("says", ORDERED)
def test_what_some_order_shows_it_shows(name: str, says: str) -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.says == says)
    with wrong(mutant):
        broken = _broken_somewhere(SMALL[name])
        found = explore(graph_of(SMALL[name]), budget=Budget(pairs=0))
    kinds = {violation.broken for violation in broken}
    assert not kinds or not found.is_proven, f"every order: {kinds}"


def _broken_somewhere(document: Document) -> set[Violation]:
    return every_history(graph_of(document))[0]


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if not pair.others][::4], ids=lambda pair: pair.name)
def test_of_wrong_workflows_it_finds_the_same(pair: Any) -> None:
    broken, _ = every_history(graph_of(pair.wrong))
    found, _ = explored(pair.wrong)
    assert set(found.counterexamples) == subjects(broken)

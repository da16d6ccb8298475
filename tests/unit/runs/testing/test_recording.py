"""A test that is recorded from a run plays that run: the same end, the same steps, the same undos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from random import Random

import pytest

from designer.document.graph import Graph
from designer.saved_tests.model import Mock, SavedTest
from designer.saved_tests.reading import dump_tests, read_tests
from runs.testing.play import Play, Surroundings
from runs.testing.recording import mocks_in, record, with_recorded
from runs.testing.running import run_test
from runs.testing.timeline import Timeline
from tests.simulation.workflows import make_library
from tests.unit.runs.testing.helpers import graph, step
from tests.unit.runs.testing.random_tests import random_test, recorded

SEEDS = 120


def played(test: SavedTest, flow: Graph, surroundings: Surroundings) -> Play:
    play = Play(test, surroundings)
    play.begin(flow)
    Timeline(play, test).run()
    return play


def knowing(library: Mapping[str, Graph]) -> Surroundings:
    return Surroundings(lambda name, version: library.get(name))


def test_a_recorded_run_is_reproduced() -> None:
    """Random workflows in random histories: failures, timeouts, lost workers, answers, cancels and rollbacks.

    Where two things happen at the same moment, the order of the original may be another one; no other
    difference passes.
    """
    statuses: Counter[str] = Counter()
    differing = []
    for seed in range(SEEDS):
        rng = Random(seed)
        library = make_library(rng)
        surroundings = knowing(library)
        flow = library["root"]
        play = played(random_test(rng, flow), flow, surroundings)
        if play.root.state.run.phase != "ended":
            continue
        test = record("recorded", recorded(play))
        assert read_tests(dump_tests([test])) == ([test], [])
        result = run_test(test, flow, surroundings)
        statuses[test.expect.status or ""] += 1
        if not result.passed:
            differing.append((seed, result.reasons))
    assert len(statuses) == 4
    assert len(differing) <= sum(statuses.values()) * 0.02, differing


FLOW = graph(step("a"), step("b"), step("wait", kind="wait", signal="go"))


def test_mocks_can_be_taken_from_a_run_one_by_one() -> None:
    run = recorded(
        played(SavedTest("x", mocks={"a": (Mock({"n": 1}),), "b": (Mock({"n": 2}),)}), FLOW, Surroundings())
    )
    asked = SavedTest("y", mocks={"a": (Mock(recorded="R"),), "b": (Mock({"n": 3}),)})
    found = with_recorded(asked, lambda id: mocks_in(run))
    assert found.mocks == {"a": (Mock({"n": 1}),), "b": (Mock({"n": 3}),)}


def test_a_mock_that_is_yet_to_be_recorded_is_told() -> None:
    result = run_test(SavedTest("y", mocks={"a": (Mock(recorded="R"),)}), FLOW)
    assert result.reasons == ["the mock of a is to be recorded; save the test to have that done"]


@pytest.mark.parametrize("fails", [True, False])
def test_a_recorded_test_is_short(fails: bool) -> None:
    """Times stand in it only where they matter."""
    flow = graph(step("a"), step("b"))
    mocks = {
        "a": (Mock({"n": 1}, takes=0.2),),
        **({"b": (Mock(fails="odd", for_good=True),)} if fails else {}),
    }
    [document] = dump_tests(
        [record("short", recorded(played(SavedTest("x", {"v": 1}, mocks), flow, Surroundings())))]
    )
    assert document["mocks"]["a"] == {"output": {"n": 1}}
    assert document["expect"]["status"] == ("compensated" if fails else "completed")

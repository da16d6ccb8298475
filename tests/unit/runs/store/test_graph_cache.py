"""Graphs of runs that grew: kept in the process, and never another's."""

from __future__ import annotations

import pytest

from designer.document.graph import Graph
from runs.store import graph_cache
from tests.unit.runs.machine.driver import OK, Driver, graph, saga, task

rule = pytest.mark.rule


def grown(name: str, run: str = "run") -> Driver:
    driver = Driver(graph([task("a", dynamic=True), task("z")], [("a", "z")]), id=run)
    driver.run("a", OK, expansion=(saga(name),))
    return driver


@pytest.fixture(autouse=True)
def versions(monkeypatch: pytest.MonkeyPatch) -> Graph:
    base = graph([task("a", dynamic=True), task("z")], [("a", "z")])
    monkeypatch.setattr(graph_cache, "version_graph", lambda version_id: base)
    return base


def names(driver: Driver) -> list[str]:
    return [step.name for step in graph_cache.run_graph(1, driver.memory.state()).steps]


@rule("R10.6")
def test_a_grown_graph_is_made_once() -> None:
    driver = grown("b")
    first = graph_cache.run_graph(1, driver.memory.state())
    driver.run("b")
    assert graph_cache.run_graph(1, driver.memory.state()) is first
    assert names(driver) == ["a", "b", "z"]


@rule("R5.16")
def test_a_growth_that_was_undone_with_its_transaction_is_forgotten() -> None:
    assert names(grown("b")) == ["a", "b", "z"]
    assert names(grown("c")) == ["a", "c", "z"]


def test_runs_without_growth_share_the_graph_of_their_version(versions: Graph) -> None:
    driver = Driver(versions)
    assert graph_cache.run_graph(1, driver.memory.state()) is versions


def test_a_bounded_number_of_graphs_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_cache, "GROWN_KEPT", 2)
    for run in "xyz":
        assert names(grown("b", run)) == ["a", "b", "z"]
    assert list(graph_cache._grown) == ["y", "z"]

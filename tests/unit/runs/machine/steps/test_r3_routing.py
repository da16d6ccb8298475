"""Section 3 of docs/semantics.md: which steps come next."""

from __future__ import annotations

import pytest

from designer.document.graph import Edge
from tests.unit.runs.machine.driver import CRITICAL, Driver, chain, gave, graph, saga, task
from workers.sdk.outcome import Failure, Outcome

rule = pytest.mark.rule
LOW, HIGH = "context.v < 5", "context.v > 5"


def branching(*edges: Edge) -> Driver:
    """Step `a` and the targets of its edges, in the order of the edges."""
    targets = dict.fromkeys(edge.target for edge in edges)
    return Driver(graph([saga("a"), *(task(name) for name in targets)], edges), {"v": 0})


TABLE = [
    # outgoing edges of `a`, value of v, steps that are queued
    ([Edge("a", "b"), Edge("a", "c")], 0, ["b", "c"]),
    ([Edge("a", "b", when=LOW), Edge("a", "c", when=HIGH)], 3, ["b"]),
    ([Edge("a", "b", when=LOW), Edge("a", "c", when=HIGH)], 7, ["c"]),
    ([Edge("a", "b", when=LOW), Edge("a", "c", when="context.v < 9")], 3, ["b"]),
    ([Edge("a", "b", when=LOW), Edge("a", "c", when="context.v < 9")], 7, ["c"]),
    ([Edge("a", "b", when=LOW), Edge("a", "c", otherwise=True)], 3, ["b"]),
    ([Edge("a", "b", when=LOW), Edge("a", "c", otherwise=True)], 5, ["c"]),
    ([Edge("a", "b", otherwise=True), Edge("a", "c", when=LOW)], 3, ["c"]),
    ([Edge("a", "b"), Edge("a", "c", when=LOW)], 3, ["b", "c"]),
    ([Edge("a", "b"), Edge("a", "c", when=LOW)], 5, ["b"]),
    ([Edge("a", "b"), Edge("a", "c", when=LOW), Edge("a", "d", otherwise=True)], 5, ["b", "d"]),
]


@rule("R3.2")
@pytest.mark.parametrize(("edges", "value", "queued"), TABLE)
def test_which_edges_are_taken(edges, value, queued) -> None:
    driver = branching(*edges)
    driver.run("a", gave(v=value))
    targets = {edge.target for edge in edges}
    assert [name for name in sorted(targets) if driver.step(name).status == "queued"] == queued
    assert all(driver.step(name).status == "skipped" for name in targets - set(queued))


@rule("R3.3")
def test_without_a_branch_the_run_fails_and_says_what_was_compared() -> None:
    driver = branching(Edge("a", "b", when=LOW), Edge("a", "c", when=HIGH))
    driver.run("a", gave(v=5))
    assert driver.status == "compensating"
    assert driver.step("a").status == "completed"
    error = driver.memory.run.error or {}
    assert (error["step"], error["code"]) == ("a", "no_branch_matched")
    assert "context.v = 5" in error["message"]
    driver.undo_all()
    assert driver.undos("a") == ["compensated"]


@rule("R3.1")
def test_a_join_waits_for_every_branch_that_lives() -> None:
    steps = [task("a"), task("b"), task("c"), task("join")]
    driver = Driver(graph(steps, [("a", "join"), ("b", "join"), ("c", "join")]))
    for name in "ab":
        driver.run(name)
        assert driver.step("join").status == "pending"
    driver.run("c")
    assert driver.step("join").status == "queued"


@rule("R3.1")
@rule("R3.4")
def test_a_join_does_not_wait_for_a_dead_branch() -> None:
    edges = [Edge("a", "b", when=LOW), Edge("a", "c", otherwise=True), Edge("b", "join"), Edge("c", "join")]
    driver = Driver(graph([task(name) for name in ("a", "b", "c", "join")], edges))
    driver.run("a", gave(v=1))
    assert driver.statuses("b", "c", "join") == ["queued", "skipped", "pending"]
    driver.run("b")
    assert driver.step("join").status == "queued"


@rule("R3.4")
def test_a_step_to_which_no_live_edge_leads_is_skipped_and_so_is_what_hangs_on_it() -> None:
    edges = [Edge("a", "b", when=LOW), Edge("a", "e", otherwise=True), Edge("b", "c"), Edge("c", "d")]
    driver = Driver(graph([task(name) for name in "abcde"], edges))
    driver.run("a", gave(v=9))
    assert driver.statuses("b", "c", "d", "e") == ["skipped", "skipped", "skipped", "queued"]
    driver.run("e")
    assert driver.status == "completed"


@rule("R3.5")
def test_a_step_whose_guard_is_false_is_passed_over() -> None:
    driver = Driver(chain(task("a", when=HIGH), task("b"), task("c", when=LOW)), {"v": 1})
    assert driver.statuses("a", "b") == ["skipped", "queued"]
    driver.run("b")
    assert driver.statuses("c") == ["queued"]


@rule("R3.6")
def test_a_failure_that_may_be_passed_over_lets_its_successors_see_what_it_said() -> None:
    driver = Driver(chain(task("a", on_failure="continue"), task("b")))
    said = {"status": "failed", "why": "no stock"}
    driver.run("a", Outcome("failed", said, Failure("returned_failed", "no stock")))
    assert driver.statuses("a", "b") == ["failed", "queued"]
    assert driver.context("b") == said


@rule("R3.6")
def test_a_failure_that_is_passed_over_takes_the_edge_that_its_answer_says() -> None:
    edges = [Edge("a", "b", when=LOW), Edge("a", "c", otherwise=True)]
    driver = Driver(graph([task("a", on_failure="continue"), task("b"), task("c")], edges), {"v": 9})
    driver.run("a", Outcome("failed", {"status": "failed", "v": 1}, Failure("returned_failed", "no")))
    assert driver.statuses("b", "c") == ["queued", "skipped"]


@rule("R3.7")
def test_a_run_completes_when_nothing_is_left_to_do() -> None:
    driver = Driver(graph([task("a"), task("b")]))
    driver.run("a", gave(a=1))
    assert driver.status == "running"
    driver.run("b", gave(b=2))
    assert driver.status == "completed"
    assert driver.output() == {"a": 1, "b": 2}


@rule("R3.7")
def test_a_workflow_without_steps_completes_at_once() -> None:
    assert Driver(graph([])).status == "completed"


@rule("R3.7")
def test_a_failure_ends_a_run_that_nothing_is_to_be_undone_in_as_failed() -> None:
    driver = Driver(chain(task("a"), task("b")))
    driver.run("a", CRITICAL)
    assert driver.status == "failed"
    assert driver.step("b").status == "pending"

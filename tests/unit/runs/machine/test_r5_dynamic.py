"""Section 5 of docs/semantics.md: steps that a worker adds to its run."""

from __future__ import annotations

import pytest

from designer.document.graph import Edge, Step
from runs.machine.limits import EXPANSION_MAX
from runs.machine.steps.expansion import effective_graph
from tests.unit.runs.machine.driver import CRITICAL, OK, Driver, chain, gave, graph, saga, task

rule = pytest.mark.rule


def routing(*after: str) -> Driver:
    """A dynamic step `a`, and the steps after it."""
    steps = [task("a", dynamic=True), *(task(name) for name in after)]
    return Driver(graph(steps, [("a", name) for name in after]))


def added(*names: str) -> tuple[Step, ...]:
    return tuple(saga(name) for name in names)


@rule("R5.16")
def test_added_steps_stand_in_their_order_between_their_step_and_its_successors() -> None:
    driver = routing("y", "z")
    driver.run("a", gave(a=1), expansion=added("b", "c"))
    for name in "bc":
        assert driver.ready() == [name]
        driver.run(name, gave(**{name: 1}))
    assert driver.ready() == ["y", "z"]
    assert driver.context("y") == {"a": 1, "b": 1, "c": 1}
    driver.run("y")
    driver.run("z")
    assert (driver.status, driver.memory.run.total) == ("completed", 5)


@rule("R5.16")
def test_conditions_move_with_the_edges_and_see_what_was_added() -> None:
    edges = [Edge("a", "y", when="context.v < 5"), Edge("a", "z", otherwise=True)]
    driver = Driver(graph([task("a", dynamic=True), task("y"), task("z")], edges), {"v": 9})
    driver.run("a", OK, expansion=added("b"))
    driver.run("b", gave(v=1))
    assert driver.statuses("y", "z") == ["queued", "skipped"]


@rule("R5.16")
def test_the_last_step_of_a_workflow_may_add_steps_and_an_empty_list_adds_none() -> None:
    driver = routing()
    driver.run("a", OK, expansion=added("b"))
    driver.run("b")
    assert driver.status == "completed"
    driver = routing("z")
    driver.run("a", OK, expansion=())
    assert driver.ready() == ["z"]


@rule("R5.16")
def test_added_steps_are_journaled_and_undone_like_any_other() -> None:
    driver = routing("z")
    driver.run("a", OK, expansion=added("b", "c"))
    entry = driver.last("step.expanded")
    assert (entry.step, entry.data["steps"], driver.step("b").added_by) == ("a", ["b", "c"], "a")
    driver.run("b")
    driver.run("c")
    driver.run("z", CRITICAL)
    driver.undo_all()
    assert driver.undone() == ["c", "b"]
    assert driver.status == "compensated"


@rule("R5.16")
def test_an_added_step_may_add_steps() -> None:
    driver = routing("z")
    driver.run("a", OK, expansion=(task("b", dynamic=True),))
    driver.run("b", OK, expansion=(task("c"),))
    driver.run("c")
    assert driver.ready() == ["z"]
    again = effective_graph(driver.memory.base, driver.memory.state())
    assert [step.name for step in again.steps] == ["a", "b", "c", "z"]
    assert [(edge.source, edge.target) for edge in again.edges] == [("b", "c"), ("a", "b"), ("c", "z")]


@rule("R5.17")
def test_names_that_are_taken_get_a_number() -> None:
    driver = routing("z")
    driver.run("a", OK, expansion=added("z", "z", "b"))
    assert driver.last("step.expanded").data["steps"] == ["z_2", "z_3", "b"]


@rule("R5.17")
def test_a_run_is_given_a_bounded_number_of_steps() -> None:
    driver = routing("z")
    many = tuple(task(f"n{number}") for number in range(EXPANSION_MAX + 1))
    driver.run("a", OK, expansion=many)
    assert (driver.step("a").error or {})["code"] == "too_many_steps"
    assert driver.memory.run.total == 2
    driver = routing("z")
    driver.run("a", OK, expansion=many[1:])
    assert driver.memory.run.total == EXPANSION_MAX + 2


@rule("R5.17")
def test_only_a_dynamic_step_may_add_steps_and_nothing_grows_during_a_rollback() -> None:
    driver = Driver(chain(task("a"), task("z")))
    driver.run("a", OK, expansion=added("b"))
    assert driver.ready() == ["z"]
    driver = routing("z")
    driver.claim("a")
    driver.cancel()
    driver.report("a", OK, expansion=added("b"))
    assert (driver.status, driver.memory.run.total) == ("cancelled", 2)

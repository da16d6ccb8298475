"""Section 6 of docs/semantics.md: what begins a rollback, or keeps one from beginning."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from designer.document.graph import Edge, Step
from runs.machine.allowed import allowed
from runs.machine.events import Cancel, EndChild, Rollback, TimeOut, child_id
from runs.machine.rollback.plan import plan
from tests.unit.runs.machine.driver import (
    CRITICAL,
    START,
    UNKNOWN,
    Driver,
    chain,
    each,
    failing,
    graph,
    kind,
    saga,
    task,
)

rule = pytest.mark.rule


# --- on demand ---


def completed(**fields: Any) -> Driver:
    driver = Driver(chain(saga("a"), each("m"), saga("b"), saga("c"), **fields), {"items": [1, 2]})
    for key in ("a", "m[0]", "m[1]", "b", "c"):
        driver.run(key)
    return driver


@rule("R6.10")
def test_a_completed_run_is_rolled_back_wholly() -> None:
    driver = completed()
    driver.roll_back()
    assert driver.status == "compensating"
    driver.undo_all()
    assert driver.undone() == ["c", "b", "m[1]", "m[0]", "a"]
    assert (driver.status, driver.memory.run.error) == ("compensated", None)


@rule("R6.10")
def test_a_completed_run_is_rolled_back_to_a_step_and_then_further() -> None:
    driver = completed()
    driver.roll_back("b")
    driver.undo_all()
    assert (driver.undone(), driver.status) == (["c"], "completed")
    driver.roll_back("a")
    driver.undo_all()
    assert (driver.undone(), driver.status) == (["c", "b", "m[1]", "m[0]"], "completed")
    driver.roll_back()
    driver.undo_all()
    assert driver.status == "compensated"


@rule("R6.10")
def test_a_map_is_kept_or_undone_as_a_whole() -> None:
    driver = Driver(graph([saga("a"), each("m")]), {"items": [1, 2, 3]})
    for key in ("m[0]", "a", "m[1]", "m[2]"):
        driver.run(key)
    driver.roll_back("a")
    driver.undo_all()
    assert driver.undone() == ["m[2]", "m[1]", "m[0]"]


@rule("R6.10")
@pytest.mark.parametrize("to_step", ["nope", "m[0]", "z"])
def test_a_rollback_needs_a_completed_step_to_go_back_to(to_step) -> None:
    driver = completed()
    with pytest.raises(Exception, match="not a completed step"):
        driver.roll_back(to_step)


@rule("R6.10")
def test_a_run_with_nothing_to_undo_is_not_rolled_back() -> None:
    driver = Driver(chain(task("a")))
    driver.run("a")
    with pytest.raises(Exception, match="nothing to undo"):
        driver.roll_back()
    assert driver.status == "completed"


@rule("R6.10")
def test_an_operators_rollback_stops_at_a_failed_undo_and_goes_on_after_the_answer() -> None:
    driver = completed()
    driver.roll_back()
    driver.run("c", CRITICAL)
    assert driver.status == "blocked"
    driver.answer("c", "abandon")
    driver.undo_all()
    assert driver.status == "failed"


def left_in_part(what: str) -> Driver:
    """Rolls a run back to its step `b`, whereby something is left: `c`, by a way that `what` names."""
    slot: Any = {"compensation": "irreversible"} if what == "irreversible" else {}
    last = kind("c", "workflow", workflow="other") if what == "child" else saga("c", **slot)
    driver = Driver(chain(saga("a"), saga("b"), last, saga("d")))
    driver.run("a")
    driver.run("b")
    if what == "child":
        driver.take(EndChild(driver.now, "c", child_id("run", "c", 1), "completed"))
    else:
        driver.run("c")
    driver.run("d")
    driver.roll_back("b")
    driver.run("d")
    if what == "abandoned":
        driver.run("c", CRITICAL)
        driver.answer("c", "abandon")
    elif what == "child":
        driver.take(EndChild(driver.now, "c", child_id("run", "c", 1), "failed"))
    return driver


LEFT = pytest.mark.parametrize("what", ["irreversible", "abandoned", "child"])


@rule("R6.10")
@LEFT
@pytest.mark.parametrize("to_step", [None, "a"])
def test_a_rollback_to_a_step_that_leaves_something_may_go_further(what, to_step) -> None:
    driver = left_in_part(what)
    assert (driver.status, driver.memory.run.left_undone) == ("failed", 1)
    assert allowed(driver.memory.graph, driver.memory.state()).rollback
    foreseen = plan(driver.memory.graph, driver.memory.state(), to_step).undo
    driver.roll_back(to_step)
    driver.undo_all()
    assert tuple(driver.undone()[2 - (what == "irreversible") :]) == foreseen
    assert foreseen == (("b",) if to_step else ("b", "a"))
    assert (driver.status, driver.memory.run.left_undone) == ("failed", 1)


@rule("R6.10")
@LEFT
def test_when_nothing_is_left_to_undo_it_goes_no_further(what) -> None:
    driver = left_in_part(what)
    driver.roll_back()
    driver.undo_all()
    assert not allowed(driver.memory.graph, driver.memory.state()).rollback
    assert driver.verdict(Rollback(driver.now)) == driver.verdict(Rollback(driver.now, by_parent=True)) == "x"


@rule("R6.12")
def test_a_rollback_to_a_step_that_is_abandoned_reports_the_rest_too() -> None:
    driver = completed()
    driver.roll_back("b")
    driver.cancel("abandon")
    assert driver.undos("a", "m[0]", "m[1]", "b", "c") == ["abandoned"] * 5
    assert not allowed(driver.memory.graph, driver.memory.state()).rollback
    assert driver.verdict(Rollback(driver.now, by_parent=True)) == "x"


# --- the point of no return ---


def past_the_pivot(*after: Step, **fields: Any) -> Driver:
    driver = Driver(chain(saga("a"), task("p", pivot=True), *after, **fields), {"v": 9})
    driver.run("a")
    driver.run("p")
    return driver


@rule("R6.11")
def test_after_a_point_of_no_return_a_failure_asks_a_person() -> None:
    driver = past_the_pivot(task("z"))
    driver.run("z", CRITICAL)
    assert (driver.status, driver.undos("a")) == ("blocked", ["none"])
    driver.answer("z", "retry")
    driver.run("z")
    assert driver.status == "completed"


@rule("R6.11")
def test_before_the_point_of_no_return_a_failure_compensates() -> None:
    driver = Driver(chain(saga("a"), task("p", pivot=True)))
    driver.run("a")
    driver.run("p", CRITICAL)
    assert driver.status == "compensating"


@rule("R6.11")
@pytest.mark.parametrize(("answer", "run"), [("resolve", "completed"), ("compensate", "compensating")])
def test_a_missing_branch_after_it_asks_a_person_about_a_step_that_stays_completed(answer, run) -> None:
    steps = [saga("a", pivot=True), task("b")]
    driver = Driver(graph(steps, [Edge("a", "b", when="context.v < 5")]), {"v": 9})
    driver.run("a")
    assert (driver.statuses("a"), driver.status) == (["completed"], "blocked")
    driver.answer("a", answer, output={"v": 1})
    if answer == "resolve":
        driver.run("b")
    assert driver.status == run
    assert driver.statuses("a") == ["completed"]
    assert driver.undos("a") == [{"completed": "none"}.get(run, "pending")]


# --- cancelling and time ---


@rule("R6.12")
def test_cancelling_undoes_what_was_done() -> None:
    driver = Driver(chain(saga("a"), task("b")))
    driver.run("a")
    driver.cancel()
    assert driver.statuses("b") == ["cancelled"]
    assert driver.bindings("a")["failure"]["error"] == "cancelled"
    driver.undo_all()
    assert (driver.undone(), driver.status) == (["a"], "cancelled")


@rule("R6.12")
def test_abandoning_undoes_nothing_and_says_so() -> None:
    steps = [saga("a"), saga("b"), kind("w", "workflow", workflow="other"), task("z", on_failure="pause")]
    driver = Driver(graph([*steps, saga("queued")]))
    driver.run("a")
    driver.claim("b")
    driver.run("z", CRITICAL)
    driver.cancel("abandon")
    assert driver.status == "cancelled"
    assert driver.statuses("b", "w", "z", "queued") == ["cancelled"] * 4
    assert driver.undos("a", "b", "w", "queued") == ["abandoned", "abandoned", "abandoned", "none"]
    assert driver.memory.run.left_undone == 3
    assert driver.ready() == []


@rule("R6.12")
@rule("R8.4")
def test_abandoning_reports_irreversible_effects_too() -> None:
    mail = task("mail", compensation="irreversible")
    running = task("running", compensation="irreversible")
    driver = Driver(graph([mail, running, saga("a"), task("harmless", compensation="none")]))
    for name in ("mail", "a", "harmless"):
        driver.run(name)
    driver.claim("running")
    driver.cancel("abandon")
    entry = driver.last("run.cancelled")
    assert (entry.data["abandoned"], entry.data["remains"]) == (["a"], ["running", "mail"])
    assert driver.memory.run.left_undone == 3


@rule("R6.12")
def test_a_rollback_under_way_may_be_abandoned_but_not_begun_again() -> None:
    driver = failing("a", "b")
    assert driver.verdict(Cancel(driver.now, "compensate")) == "x"
    driver.run("b")
    driver.claim("a")
    driver.cancel("abandon")
    assert driver.undos("a", "b") == ["abandoned", "compensated"]
    assert driver.status == "cancelled"


@rule("R6.12")
def test_cancelling_after_a_failed_undo_of_a_child_run_ends_it() -> None:
    driver = failing("a")
    driver.run("a", CRITICAL)
    driver.cancel("abandon")
    assert (driver.undos("a"), driver.status) == (["abandoned"], "cancelled")
    assert driver.last("intervention.answered").data["answer"] == "abandon"


@rule("R6.13")
def test_a_run_that_takes_too_long_is_undone() -> None:
    due_at = (START + timedelta(seconds=60)).isoformat()
    driver = Driver(chain(saga("a"), task("b"), timeout=60.0), due_at=due_at)
    driver.run("a")
    driver.wait(59)
    assert driver.verdict(TimeOut(driver.now)) == "."
    driver.wait(1)
    driver.take(TimeOut(driver.now))
    driver.undo_all()
    assert (driver.undone(), driver.status) == (["a"], "cancelled")
    assert (driver.memory.run.error or {})["code"] == "timeout"
    assert driver.memory.run.due_at is None


# --- on_failure ---


@rule("R6.14")
def test_pause_asks_a_person_while_other_branches_go_on() -> None:
    driver = Driver(graph([task("a", on_failure="pause"), saga("b"), task("c")], [("b", "c")]))
    driver.run("a", CRITICAL)
    assert driver.status == "running"
    driver.run("b")
    driver.run("c")
    assert (driver.statuses("a", "c"), driver.status) == (["blocked", "completed"], "blocked")


@rule("R6.14")
def test_a_failure_closes_the_open_questions_of_other_branches() -> None:
    driver = Driver(graph([saga("a", on_failure="pause"), task("z")]))
    driver.run("a", UNKNOWN)
    driver.run("z", CRITICAL)
    assert driver.statuses("a") == ["failed"]
    assert driver.step("a").intervention is None
    assert driver.undos("a") == ["pending"]

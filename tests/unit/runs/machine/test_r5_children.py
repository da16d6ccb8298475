"""Section 5 of docs/semantics.md: steps that are runs of another workflow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from runs.machine.events import CancelChild, EndChild, Left, RollBackChild, StartChild, TellParent, child_id
from runs.machine.limits import DEPTH_MAX, LEFT_NAMES_MAX
from runs.machine.rollback.plan import left_by
from tests.unit.runs.machine.driver import CRITICAL, START, UNDO, Driver, chain, gave, graph, kind, saga, task

rule = pytest.mark.rule
CHILD = child_id("run", "w", 1)


def parent(**fields: Any) -> Driver:
    step = kind("w", "workflow", **{"workflow": "other"} | fields)
    return Driver(chain(saga("a"), step, task("z")), {"v": 1})


def waiting(**fields: Any) -> Driver:
    driver = parent(**fields)
    driver.run("a", gave(a=1))
    return driver


def end(driver: Driver, status: str = "completed", child: str = CHILD, **more: Any) -> EndChild:
    return EndChild(driver.now, "w", child, status, **more)


@rule("R5.8")
def test_a_child_is_started_with_the_mapped_input_and_holds_no_worker() -> None:
    driver = waiting(input={"n": "=context.a + input.v", "fixed": 3}, version=2)
    assert driver.commands == (StartChild("w", CHILD, "other", 2, {"n": 2, "fixed": 3}),)
    assert (driver.step("w").status, driver.status) == ("waiting", "waiting")


@rule("R5.8")
def test_without_a_mapping_the_child_gets_the_whole_context() -> None:
    driver = waiting()
    assert driver.commands == (StartChild("w", CHILD, "other", None, {"v": 1, "a": 1}),)


@rule("R5.8")
def test_what_the_child_gave_is_the_steps_output() -> None:
    driver = waiting()
    driver.take(end(driver, output={"c": 3}))
    assert driver.context("z") == {"v": 1, "a": 1, "c": 3}


@rule("R5.9")
@pytest.mark.parametrize("status", ["failed", "compensated", "cancelled"])
def test_a_child_that_does_not_complete_fails_the_step(status) -> None:
    driver = waiting()
    driver.take(end(driver, status, error={"code": "exception", "message": "no luck"}))
    error = driver.step("w").error or {}
    assert error["code"] == "child_failed"
    assert "no luck" in error["message"]
    assert driver.memory.run.reason == "failure"
    driver.undo_all()
    assert driver.undone() == ["a"]


@rule("R5.9")
def test_a_failed_child_that_is_tried_again_is_another_child() -> None:
    driver = waiting(on_failure="pause")
    driver.take(end(driver, "failed"))
    driver.answer("w", "retry", patch={"v": 2})
    second = child_id("run", "w", 2)
    assert driver.commands == (StartChild("w", second, "other", None, {"v": 2, "a": 1}),)
    assert driver.verdict(end(driver, "failed")) == "."
    assert driver.verdict(end(driver, child=second)) == "+"


def rolling_back() -> Driver:
    driver = waiting()
    driver.take(end(driver, output={}))
    driver.run("z", CRITICAL)
    return driver


@rule("R5.10")
def test_undoing_the_step_rolls_the_completed_child_back_before_what_came_earlier() -> None:
    driver = rolling_back()
    assert driver.commands == (RollBackChild(CHILD),)
    assert driver.undos("w", "a") == ["running", "pending"]
    assert driver.ready() == []
    driver.take(end(driver, "compensated"))
    assert driver.ready() == ["a"]
    driver.undo_all()
    assert driver.status == "compensated"


@rule("R5.10")
def test_a_child_that_tells_again_that_it_completed_is_not_taken_for_rolled_back() -> None:
    driver = rolling_back()
    assert driver.verdict(end(driver)) == "."
    assert driver.undos("w") == ["running"]


@rule("R5.10")
@pytest.mark.parametrize("status", ["completed", "failed"])
def test_a_child_that_a_person_rolled_back_to_a_step_is_not_taken_for_rolled_back(status) -> None:
    driver = rolling_back()
    assert driver.verdict(end(driver, status, may_go_back=True)) == "."
    assert driver.undos("w") == ["running"]


@rule("R5.10")
@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_what_a_child_leaves_undone_is_left_undone_by_its_parent(status) -> None:
    driver = rolling_back()
    driver.take(end(driver, status))
    driver.undo_all()
    assert driver.undos("w", "a") == ["abandoned", "compensated"]
    assert driver.status == "failed"


MAIL = Left(2, ("mail", "pay/fee"))


@rule("R5.10")
@rule("R8.4")
@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_parent_counts_all_that_its_child_left(status) -> None:
    driver = rolling_back()
    driver.take(end(driver, status, left=MAIL))
    driver.undo_all()
    assert (driver.status, driver.memory.run.left_undone) == ("failed", 2)
    assert left_by(driver.memory.state()) == Left(2, ("w/mail", "w/pay/fee"))


@rule("R8.4")
@pytest.mark.parametrize("begins", ["failure", "cancel", "late", "pause"])
def test_what_a_child_left_that_did_not_complete_makes_its_parent_fail(begins) -> None:
    driver = waiting(on_failure="pause" if begins == "pause" else "compensate")
    if begins == "cancel":
        driver.cancel()
    driver.take(end(driver, "failed", left=MAIL))
    if begins == "pause":
        driver.answer("w", "compensate")
    assert "left 2 effects undone: mail, pay/fee." in (driver.step("w").error or {})["message"]
    driver.undo_all()
    assert (driver.undos("a"), driver.status) == (["compensated"], "failed")
    assert driver.last("run.failed").data["left"] == 2


@rule("R8.4")
def test_a_parent_that_goes_on_all_the_same_says_what_was_left() -> None:
    driver = waiting(on_failure="continue")
    driver.take(end(driver, "failed", left=MAIL))
    driver.run("z")
    assert (driver.status, driver.last("run.completed").data) == ("completed", {"left": 2})


@rule("R8.4")
def test_what_each_child_of_a_step_left_is_counted_once() -> None:
    driver = waiting(on_failure="pause")
    driver.take(end(driver, "failed", left=MAIL))
    driver.answer("w", "retry")
    second = child_id("run", "w", 2)
    driver.take(end(driver, "completed", second, left=Left(1, ("other",))))
    assert driver.memory.run.left_undone == 3
    driver.run("z", CRITICAL)
    driver.take(end(driver, "failed", second, left=Left(4, ("other", "more"))))
    driver.undo_all()
    assert driver.memory.run.left_undone == 6
    assert left_by(driver.memory.state()).names == ("w/other", "w/more", "w/mail", "w/pay/fee")


@rule("R8.4")
@pytest.mark.parametrize("count", [19, 20, 21, 500])
def test_the_names_that_a_parent_is_told_are_bounded(count) -> None:
    names = tuple(f"s{number}" for number in range(min(count, LEFT_NAMES_MAX)))
    driver = rolling_back()
    driver.take(end(driver, "failed", left=Left(count, names)))
    left = left_by(driver.memory.state())
    assert (left.count, len(left.names)) == (count, min(count, 20))


@rule("R5.10")
def test_a_step_whose_child_did_not_do_the_work_is_not_undone_through_it() -> None:
    driver = waiting(on_failure="pause")
    driver.take(end(driver, "failed"))
    driver.answer("w", "resolve", output={})
    driver.run("z", CRITICAL)
    assert driver.ready() == ["a"]
    assert driver.undos("w") == ["none"]


@rule("R5.10")
def test_a_child_with_nothing_to_undo_still_ends_its_rollback() -> None:
    child = Driver(chain(task("a")), depth=1)
    child.run("a")
    child.roll_back(by_parent=True)
    assert child.status == "compensated"
    assert child.commands == (TellParent(),)


@rule("R6.1")
def test_a_rollback_asks_the_children_that_run_to_roll_back_and_waits_for_them() -> None:
    steps = [saga("a"), kind("w", "workflow", workflow="other"), task("z")]
    driver = Driver(graph(steps))
    driver.run("a")
    driver.run("z", CRITICAL)
    assert driver.commands == (CancelChild(CHILD, "compensate"),)
    assert (driver.step("w").status, driver.ready()) == ("waiting", [])
    driver.take(end(driver, "cancelled"))
    assert driver.ready() == ["a"]


@rule("R6.6")
def test_a_child_that_completed_all_the_same_is_rolled_back_first() -> None:
    driver = Driver(graph([saga("a"), kind("w", "workflow", workflow="other"), task("z")]))
    driver.run("a")
    driver.run("z", CRITICAL)
    driver.take(end(driver))
    assert driver.commands == (RollBackChild(CHILD),)
    driver.take(end(driver, "compensated"))
    driver.undo_all()
    assert driver.undone() == ["w", "a"]


@rule("R5.11")
def test_runs_within_runs_have_a_greatest_depth() -> None:
    step = chain(kind("w", "workflow", workflow="other"))
    assert Driver(step, depth=DEPTH_MAX - 1).status == "waiting"
    driver = Driver(step, depth=DEPTH_MAX)
    assert driver.status == "failed"
    assert (driver.step("w").error or {})["code"] == "too_deep"


@rule("R5.8")
def test_the_child_of_an_attempt_is_always_the_same_one() -> None:
    assert child_id("run", "w", 1) == child_id("run", "w", 1)
    assert len({child_id(run, step, n) for run in "ab" for step in "cd" for n in (1, 2)}) == 8


@rule("R5.8")
def test_a_child_that_ends_tells_its_parent() -> None:
    driver = Driver(chain(task("a")), depth=1, due_at=(START + timedelta(seconds=9)).isoformat())
    driver.run("a")
    assert driver.commands == (TellParent(),)


@rule("R5.10")
@pytest.mark.parametrize("status", ["completed", "failed"])
def test_an_undo_by_a_worker_is_not_ended_by_what_its_child_run_says_again(status: str) -> None:
    driver = Driver(chain(kind("x", "workflow", workflow="other", compensation=UNDO), task("z")))
    child = (driver.step("x").waits or {})["child"]
    driver.take(EndChild(driver.now, "x", child, "completed", {}, past_pivot=True))
    driver.run("z", CRITICAL)
    driver.claim("x")
    assert driver.verdict(EndChild(driver.now, "x", child, status, past_pivot=True)) == "."
    driver.report("x")
    assert driver.status == "compensated"

"""Section 5 of docs/semantics.md: maps."""

from __future__ import annotations

from typing import Any

import pytest

from designer.document.graph import Action, Retry
from runs.machine import retry_policy
from runs.machine.bindings import map_results
from runs.machine.events import Dispatch
from tests.unit.runs.machine.driver import (
    CRITICAL,
    DONE,
    ERROR,
    NOT_DONE,
    ONCE,
    PERSON,
    UNKNOWN,
    Driver,
    chain,
    each,
    gave,
    saga,
    task,
)
from workers.sdk.outcome import Outcome

rule = pytest.mark.rule


def mapping(count: int = 3, **fields: Any) -> Driver:
    return Driver(chain(each("m", **fields), task("after")), {"items": list(range(count))})


def keys(*indexes: int) -> list[str]:
    return [f"m[{index}]" for index in indexes]


@rule("R5.1")
def test_every_item_is_run_and_its_result_stands_in_its_place() -> None:
    driver = mapping(7)
    for index in (3, 0, 6, 1, 5, 2, 4):
        driver.run(f"m[{index}]", Outcome("succeeded", index * 10))
    assert driver.step("m").status == "completed"
    assert driver.context("after")["result"] == [0, 10, 20, 30, 40, 50, 60]


@rule("R5.1")
def test_an_item_sees_its_value_and_place() -> None:
    driver = Driver(chain(each("m", params={"double": "=item * 2", "at": "=index"})), {"items": [5, 6]})
    scope = driver.bindings("m[1]")
    assert (scope["item"], scope["index"]) == (6, 1)
    assert driver.context("m[1]") == {"items": [5, 6], "item": 6, "index": 1}


@rule("R5.1")
@pytest.mark.parametrize(
    ("count", "size", "batches"),
    [(7, 1, 7), (7, 2, 4), (7, 7, 1), (7, 100, 1), (14, 2, 7)],
)
def test_batches_hold_every_item_once(count, size, batches) -> None:
    driver = Driver(chain(each("m", batch_size=size)), {"items": list(range(count))})
    found = [driver.bindings(f"m[{index}]") for index in range(batches)]
    parts = [scope.get("batch", [scope.get("item")]) for scope in found]
    assert [value for part in parts for value in part] == list(range(count))
    assert driver.step("m").items_total == batches


@rule("R5.2")
def test_an_empty_list_completes_at_once() -> None:
    driver = mapping(0)
    assert driver.statuses("m", "after") == ["completed", "queued"]
    assert driver.context("after")["result"] == []


@rule("R5.3")
def test_no_more_items_are_under_way_than_the_window_has() -> None:
    driver = mapping(4, max_concurrency=2)
    assert driver.ready() == keys(0, 1)
    driver.claim("m[0]")
    driver.report("m[0]")
    assert driver.notified() == ["m[2]"]
    driver.run("m[1]")
    assert driver.ready() == keys(2, 3)


@rule("R5.3")
def test_a_large_map_has_a_window_too() -> None:
    driver = mapping(retry_policy.MAP_WINDOW + 10)
    assert len(driver.ready()) == retry_policy.MAP_WINDOW
    driver.run("m[0]")
    assert len(driver.ready()) == retry_policy.MAP_WINDOW


@rule("R5.4")
def test_tolerated_failures_leave_their_error_in_their_place() -> None:
    driver = mapping(3, tolerate=1)
    driver.run("m[1]", CRITICAL)
    driver.run("m[0]", Outcome("succeeded", "a"))
    driver.run("m[2]", Outcome("succeeded", "c"))
    assert driver.step("m").status == "completed"
    results = map_results(driver.memory.state(), "m")
    assert (results[0], results[2]) == ("a", "c")
    assert results[1] == {"error": {"code": "critical", "message": "never again"}}


@rule("R5.4")
def test_past_the_tolerated_number_nothing_more_starts_and_the_map_fails() -> None:
    driver = mapping(6, tolerate=1, max_concurrency=4)
    driver.run("m[0]", CRITICAL)
    driver.claim("m[1]")
    driver.run("m[2]", CRITICAL)
    assert driver.statuses(*keys(0, 1, 2, 3, 4, 5)) == [
        "failed",
        "running",
        "failed",
        "cancelled",
        "cancelled",
        "pending",
    ]
    assert driver.step("m").status == "running"
    driver.report("m[1]")
    assert driver.step("m").status == "failed"
    assert "2 of 6 items of m failed; 1 may" in (driver.memory.run.error or {})["message"]
    driver.undo_all()
    assert driver.undos("m[1]", "m[0]", "m") == ["compensated", "none", "compensated"]
    assert driver.status == "compensated"


@rule("R5.4")
def test_an_item_of_a_map_that_has_failed_is_not_retried() -> None:
    driver = mapping(2, retry=Retry(max_attempts=3, initial=0.0))
    driver.claim("m[1]")
    driver.run("m[0]", CRITICAL)
    driver.report("m[1]", ERROR)
    assert driver.statuses("m[0]", "m[1]", "m") == ["failed", "failed", "failed"]


@rule("R5.5")
def test_items_are_retried_fall_back_and_are_verified_each_by_itself() -> None:
    retry = Retry(max_attempts=2, initial=0.0)
    driver = mapping(3, retry=retry, fallback=Action("other"), verify=Action("look", retry=ONCE))
    driver.run("m[0]", ERROR)
    driver.wake("m[0]")
    driver.run("m[0]", gave(x=0))
    driver.run("m[1]", CRITICAL)
    driver.run("m[1]", gave(x=1))
    driver.run("m[2]", UNKNOWN)
    assert driver.step("m[2]").phase == "verify"
    driver.run("m[2]", DONE)
    assert map_results(driver.memory.state(), "m") == [{"x": 0}, {"x": 1}, {"found": 1}]


@rule("R5.5")
def test_items_are_undone_each_by_itself() -> None:
    driver = mapping(3)
    for index in (1, 2, 0):
        driver.run(f"m[{index}]", gave(n=index))
    driver.run("after", CRITICAL)
    assert driver.bindings("m[0]")["output"] == {"n": 0}
    driver.undo_all()
    assert driver.undone() == keys(0, 2, 1)
    assert driver.undos("m") == ["compensated"]


@rule("R5.4")
@pytest.mark.parametrize("tolerate", [0, 1, 2])
@pytest.mark.parametrize("order", ["asked first", "asked last"])
@pytest.mark.parametrize("on_failure", ["compensate", "continue", "pause"])
def test_a_map_that_can_only_fail_waits_for_nobody(tolerate, order, on_failure) -> None:
    driver = mapping(tolerate + 3, tolerate=tolerate, on_failure=on_failure)
    failing, asked, other = keys(*range(tolerate + 1)), f"m[{tolerate + 1}]", f"m[{tolerate + 2}]"
    driver.claim(other)
    outcomes = [(key, CRITICAL) for key in failing]
    outcomes.insert(0 if order == "asked first" else len(outcomes), (asked, PERSON))
    driver.claim(asked)
    for key in failing:
        driver.claim(key)
    for key, outcome in outcomes:
        driver.report(key, outcome)
    assert (driver.step(asked).intervention, driver.step(asked).status) == (None, "failed")
    assert driver.step("m").status == "running"
    driver.report(other)
    assert driver.step("m").status == ("blocked" if on_failure == "pause" else "failed")
    asked_about = [key for key, step in driver.memory.rows.items() if step.intervention is not None]
    assert asked_about == (["m"] if on_failure == "pause" else [])
    if order == "asked first":
        assert driver.last("intervention.answered").data["note"].startswith("Too many")


@rule("R5.4")
def test_a_map_whose_failures_are_tolerated_still_waits_for_a_person() -> None:
    driver = mapping(3, tolerate=1)
    driver.run("m[0]", PERSON)
    driver.run("m[1]", CRITICAL)
    driver.run("m[2]")
    assert (driver.status, driver.statuses("m[0]")) == ("blocked", ["blocked"])


@rule("R5.7")
@pytest.mark.parametrize(
    "answer", [DONE, NOT_DONE, ERROR, UNKNOWN], ids=["done", "not done", "no answer", "lost"]
)
def test_a_map_that_is_tried_again_repeats_no_effect_that_stands(answer) -> None:
    driver = mapping(4, on_failure="pause", verify=Action("look"))
    driver.run("m[0]")
    driver.claim("m[1]")
    driver.run("m[2]", CRITICAL)
    driver.report("m[1]", UNKNOWN)
    driver.run("m[1]", ERROR)  # nobody knows what became of it
    assert (driver.step("m").status, driver.step("m[1]").unknown) == ("blocked", True)
    driver.answer("m", "retry")
    assert driver.step("m[0]").attempt == 1
    assert [driver.step(key).phase for key in keys(1, 2, 3)] == ["verify", "forward", "forward"]
    driver.run("m[1]", answer)
    if answer is not DONE:
        assert (driver.step("m[1]").phase, driver.step("m[1]").status) == ("forward", "queued")
        assert driver.step("m[1]").unknown is (answer is not NOT_DONE)
        driver.run("m[1]")
    assert driver.step("m[1]").attempt == (1 if answer is DONE else 2)
    driver.run("m[2]")
    driver.run("m[3]")
    assert driver.step("m").status == "completed"


@rule("R5.6")
@pytest.mark.parametrize("items", [5, "abc", {"a": 1}, None])
def test_items_must_be_a_list(items) -> None:
    driver = Driver(chain(each("m")), {"items": items})
    assert driver.status == "failed"
    assert (driver.step("m").error or {})["code"] == "bad_items"


@rule("R5.6")
def test_a_map_has_a_bounded_number_of_items(monkeypatch) -> None:
    monkeypatch.setattr("runs.machine.steps.kinds.map.MAP_ITEMS_MAX", 3)
    assert (mapping(4).step("m").error or {})["code"] == "too_many_items"
    assert mapping(4, batch_size=2).step("m").status == "running"


@rule("R5.7")
def test_a_person_decides_about_one_item_while_the_others_go_on() -> None:
    driver = mapping(3)
    driver.run("m[1]", PERSON)
    driver.run("m[0]")
    driver.run("m[2]")
    assert (driver.step("m").status, driver.status) == ("running", "blocked")
    driver.answer("m[1]", "resolve", output={"by": "hand"})
    assert driver.step("m").status == "completed"
    assert map_results(driver.memory.state(), "m")[1] == {"by": "hand"}


@rule("R5.7")
@pytest.mark.parametrize(
    ("answer", "item", "whole"),
    [("skip", "failed", "completed"), ("retry", "queued", "running"), ("compensate", "failed", "cancelled")],
)
def test_the_other_answers_about_an_item(answer, item, whole) -> None:
    driver = mapping(2)
    driver.run("m[1]", PERSON)
    driver.run("m[0]")
    driver.answer("m[1]", answer)
    assert (driver.step("m[1]").status, driver.step("m").status) == (item, whole)


@rule("R5.7")
def test_a_failed_map_that_is_tried_again_runs_what_did_not_complete_within_its_window() -> None:
    driver = mapping(6, max_concurrency=2, on_failure="pause")
    driver.run("m[0]")
    driver.claim("m[2]")
    driver.run("m[1]", CRITICAL)
    driver.report("m[2]", CRITICAL)
    assert driver.step("m").status == "blocked"
    driver.answer("m", "retry", patch={"patched": True})
    assert driver.ready() == keys(2, 1) or driver.ready() == keys(1, 2)
    assert driver.context("m[1]")["patched"] is True
    for index in (2, 1, 3, 4, 5):
        assert len(driver.ready()) <= 2
        driver.run(f"m[{index}]")
    assert driver.step("m").status == "completed"
    assert driver.step("m[0]").attempt == 1


@rule("R5.7")
def test_a_map_may_fail_and_be_tried_again_more_than_once() -> None:
    driver = mapping(3, on_failure="pause", max_concurrency=1)
    for _ in range(3):
        driver.run("m[0]", CRITICAL)
        assert driver.step("m").status == "blocked"
        driver.answer("m", "retry")
    for index in range(3):
        driver.run(f"m[{index}]")
    assert driver.status == "running"
    assert driver.step("m").status == "completed"


@rule("R5.7")
@pytest.mark.parametrize(("answer", "after"), [("skip", "queued"), ("resolve", "queued")])
def test_a_failed_map_may_be_passed_over_or_resolved_by_hand(answer, after) -> None:
    driver = mapping(2, on_failure="pause")
    driver.run("m[0]", gave(x=1))
    driver.run("m[1]", CRITICAL)
    driver.answer("m", answer, output=["by hand"])
    assert driver.statuses("after") == [after]
    expected = ["by hand"] if answer == "resolve" else [{"x": 1}, {"error": driver.step("m[1]").error}]
    assert driver.context("after")["result"] == expected
    driver.run("after", CRITICAL)
    assert driver.undos("m[0]") == ["pending"]


@rule("R5.3")
def test_items_are_rung_on_their_steps_queue() -> None:
    driver = mapping(1, queue="slow")
    assert driver.commands == (Dispatch("m[0]", 1, "slow"),)


@rule("R6.1")
def test_a_rollback_cancels_the_items_that_wait_and_waits_for_those_that_run() -> None:
    driver = Driver(chain(each("m", max_concurrency=3)), {"items": [1, 2, 3, 4]})
    driver.run("m[0]")
    driver.claim("m[1]")
    driver.cancel()
    assert driver.statuses("m", *keys(1, 2, 3)) == ["cancelled", "running", "cancelled", "cancelled"]
    assert driver.ready() == []
    driver.report("m[1]")
    driver.undo_all()
    assert driver.undone() == keys(1, 0)
    assert driver.status == "cancelled"


@rule("R5.1")
def test_a_map_whose_output_has_a_key() -> None:
    driver = Driver(chain(each("m", output_key="all"), task("after")), {"items": [1]})
    driver.run("m[0]", gave(x=1))
    assert driver.context("after")["all"] == [{"x": 1}]


@rule("R5.2")
def test_a_map_before_a_map() -> None:
    first = each("a", items="input.items")
    driver = Driver(chain(first, each("m", items="context.items"), saga("z")), {"items": []})
    assert driver.statuses("a", "m", "z") == ["completed", "completed", "queued"]


@rule("R5.5")
def test_a_map_of_which_one_item_stays_undone_counts_as_abandoned() -> None:
    driver = mapping(3)
    for index in range(3):
        driver.run(f"m[{index}]")
    driver.run("after", CRITICAL)
    driver.run("m[2]", CRITICAL)
    driver.answer("m[2]", "abandon")
    driver.undo_all()
    assert driver.undos("m", *keys(0, 1, 2)) == ["abandoned", "compensated", "compensated", "abandoned"]


@rule("R6.12")
@pytest.mark.parametrize("planned", [False, True])
def test_an_abandoned_run_leaves_its_items_behind(planned) -> None:
    driver = mapping(2)
    driver.run("m[0]")
    driver.run("m[1]")
    if planned:
        driver.run("after", CRITICAL)
        driver.run("m[1]")
    driver.cancel("abandon")
    expected = ["abandoned", "abandoned", "compensated" if planned else "abandoned"]
    assert driver.undos("m", *keys(0, 1)) == expected
    assert driver.step("m").items_undo == 0
    assert driver.memory.run.left_undone == (1 if planned else 2)

"""Section 6 of docs/semantics.md: outcomes that nobody knows, and whom to ask."""

from __future__ import annotations

from typing import Any

import pytest

from designer.document.graph import Action, Retry
from runs.machine.events import Dispatch, HandBack, Lose
from tests.unit.runs.machine.driver import (
    CRITICAL,
    DONE,
    ERROR,
    NOT_DONE,
    OK,
    ONCE,
    PERSON,
    UNDO,
    UNKNOWN,
    Driver,
    chain,
    each,
    gave,
    graph,
    saga,
    task,
)
from workers.sdk.outcome import Outcome

rule = pytest.mark.rule
TWICE = Retry(max_attempts=2, initial=0.0, jitter=0.0)
VERIFY = Action("look", queue="looking")


def asking(**fields: Any) -> Driver:
    """A step with an undo and a verify worker, after its first attempt got lost."""
    driver = Driver(chain(saga("a", **{"verify": VERIFY, "retry": TWICE} | fields), task("z")))
    driver.run("a", UNKNOWN)
    return driver


@rule("R6.7")
def test_before_the_next_attempt_somebody_is_asked_whether_it_happened() -> None:
    driver = asking()
    assert driver.commands == (Dispatch("a", 2, "looking"),)
    assert (driver.step("a").phase, driver.step("a").status) == ("verify", "queued")
    assert "output" not in driver.bindings("a")


@rule("R6.7")
def test_it_happened_so_the_step_is_completed_with_what_was_found() -> None:
    driver = asking()
    driver.run("a", DONE)
    assert driver.statuses("a", "z") == ["completed", "queued"]
    assert driver.context("z") == {"found": 1}
    assert driver.step("a").attempt == 1


@rule("R6.7")
def test_it_did_not_happen_so_it_is_tried_again_and_nothing_is_left_to_undo() -> None:
    driver = asking()
    driver.run("a", NOT_DONE)
    assert (driver.step("a").status, driver.step("a").unknown) == ("retrying", False)
    driver.wake("a")
    driver.run("a", ERROR)
    assert driver.status == "failed"
    assert (driver.step("a").error or {})["code"] == "exception"


@rule("R6.7")
@pytest.mark.parametrize(
    "answer", [ERROR, UNKNOWN, OK, Outcome("succeeded", None), Outcome("succeeded", "yes")], ids=str
)
def test_without_an_answer_it_is_tried_again_and_stays_unknown(answer) -> None:
    driver = asking()
    driver.run("a", answer)
    assert (driver.step("a").status, driver.step("a").unknown) == ("retrying", True)
    assert (driver.step("a").error or {})["code"] == "timeout"


@rule("R6.7")
def test_without_a_verify_worker_it_is_tried_again() -> None:
    driver = asking(verify=None)
    assert driver.step("a").status == "retrying"


@rule("R6.7")
@pytest.mark.parametrize("last", [ERROR, CRITICAL, PERSON, UNKNOWN], ids=lambda one: one.kind)
def test_what_was_unknown_once_is_undone_whatever_the_last_attempt_said(last) -> None:
    driver = asking(verify=None)
    driver.wake("a")
    driver.run("a", last)
    if last is PERSON:
        driver.answer("a", "compensate")
    assert driver.ready() == ["a"]
    driver.run("a")
    assert (driver.undos("a"), driver.status) == (["compensated"], "compensated")


@rule("R6.7")
@pytest.mark.parametrize("passing", ["continue", "skip"])
def test_an_unknown_outcome_that_was_passed_over_is_undone_later(passing) -> None:
    on_failure = "continue" if passing == "continue" else "pause"
    driver = asking(verify=None, retry=ONCE, on_failure=on_failure)
    if passing == "skip":
        driver.answer("a", "skip")
    driver.run("z", CRITICAL)
    assert driver.ready() == ["a"]


@rule("R6.7")
@pytest.mark.parametrize(
    "answer", [DONE, NOT_DONE, ERROR, UNKNOWN], ids=["done", "not done", "no answer", "lost"]
)
@pytest.mark.parametrize("is_handed_back", [False, True])
def test_before_a_retry_that_a_person_wants_somebody_is_asked_too(answer, is_handed_back) -> None:
    driver = asking(retry=ONCE, on_failure="pause")
    driver.run("a", ERROR)
    assert driver.step("a").status == "blocked"
    driver.answer("a", "retry")
    assert driver.commands == (Dispatch("a", 3, "looking"),)
    if is_handed_back:
        driver.take(HandBack(driver.now, "a", driver.claim("a")))
    driver.run("a", answer)
    assert driver.statuses("a") == ["completed" if answer is DONE else "queued"]
    if answer is not DONE:
        assert (driver.step("a").phase, driver.step("a").failures) == ("forward", 0)
        assert driver.step("a").unknown is (answer is not NOT_DONE)
        driver.run("a")
    assert driver.step("a").attempt == (1 if answer is DONE else 2)
    assert driver.statuses("z") == ["queued"]


@rule("R6.7")
def test_a_retry_of_what_is_known_asks_nobody() -> None:
    driver = asking(retry=ONCE, on_failure="pause")
    driver.run("a", NOT_DONE)
    driver.answer("a", "retry")
    assert driver.step("a").phase == "forward"


def given_up(**fields: Any) -> Driver:
    """The undo of a step of unknown outcome is about to begin."""
    driver = Driver(graph([saga("a", **{"verify": VERIFY} | fields), task("z")]))
    driver.claim("a")
    driver.run("z", CRITICAL)
    driver.report("a", UNKNOWN)
    return driver


@rule("R6.7")
def test_before_an_undo_somebody_is_asked_as_well() -> None:
    driver = given_up()
    assert driver.commands == (Dispatch("a", 2, "looking"),)
    driver.claim("a")
    assert driver.last("compensation.started").data["direction"] == "verify"
    assert driver.step("a").undo_attempt == 0


@rule("R6.7")
def test_nothing_happened_so_nothing_is_undone() -> None:
    driver = given_up()
    driver.run("a", NOT_DONE)
    assert (driver.undos("a"), driver.status) == (["none"], "failed")
    assert driver.step("a").unknown is False


@rule("R6.7")
def test_it_happened_so_it_is_undone_with_what_was_found() -> None:
    driver = given_up()
    driver.run("a", DONE)
    assert driver.notified() == ["a"]
    driver.claim("a")
    assert driver.bindings("a")["output"] == {"found": 1}
    driver.report("a")
    assert driver.status == "compensated"


@rule("R6.7")
@pytest.mark.parametrize("answer", [ERROR, UNKNOWN, OK], ids=lambda one: one.kind)
def test_nobody_knows_so_it_is_undone(answer) -> None:
    driver = given_up()
    driver.run("a", answer)
    driver.claim("a")
    assert driver.last("compensation.started").data["direction"] == "undo"


@rule("R6.7")
def test_a_verification_is_asked_once_even_if_the_undo_is_retried_or_a_person_tries_again() -> None:
    driver = given_up(compensation=Action("undo", retry=TWICE))
    driver.run("a", DONE)
    for _ in range(2):
        driver.run("a", ERROR)
    driver.answer("a", "retry")
    driver.run("a", OK)
    started = [entry for entry in driver.memory.journal if entry.type == "compensation.started"]
    assert [entry.data["direction"] for entry in started] == ["verify", "undo", "undo", "undo"]


@rule("R6.7")
def test_a_lost_or_handed_back_verification_costs_nothing() -> None:
    driver = given_up()
    driver.claim("a")
    driver.take(HandBack(driver.now, "a", 2))
    driver.claim("a")
    assert driver.last("compensation.started").data["direction"] == "verify"
    driver.take(Lose(driver.now, "a", 3))
    driver.run("a", gave())
    assert driver.undos("a") == ["compensated"]


@rule("R6.7")
def test_a_rollback_cancels_a_verification_that_waits_and_asks_before_the_undo() -> None:
    driver = Driver(graph([saga("a", verify=VERIFY), task("z")]))
    driver.run("a", UNKNOWN)
    driver.run("z", CRITICAL)
    assert (driver.statuses("a"), driver.undos("a")) == (["cancelled"], ["pending"])
    driver.claim("a")
    assert driver.last("compensation.started").data["direction"] == "verify"


@rule("R6.7")
@pytest.mark.parametrize(("answer", "undo"), [(DONE, ["a"]), (NOT_DONE, []), (ERROR, ["a"])])
def test_a_verification_that_runs_when_the_rollback_begins_is_waited_for(answer, undo) -> None:
    driver = Driver(graph([saga("a", verify=VERIFY, compensation=UNDO), task("z")]))
    driver.run("a", UNKNOWN)
    driver.claim("a")
    driver.run("z", CRITICAL)
    driver.report("a", answer)
    driver.undo_all()
    assert [name for name in driver.undone() if name] == undo


@rule("R6.7")
@pytest.mark.parametrize(
    ("answers", "whole"), [((OK, NOT_DONE), "compensated"), ((NOT_DONE, NOT_DONE), "none")]
)
def test_a_map_counts_as_undone_if_one_of_its_items_was(answers, whole) -> None:
    driver = Driver(graph([each("m", verify=VERIFY), task("z")]), {"items": [1, 2]})
    for index in (0, 1):
        driver.claim(f"m[{index}]")
    driver.run("z", CRITICAL)
    for index in (0, 1):
        driver.report(f"m[{index}]", UNKNOWN)
    for index, answer in zip((1, 0), answers, strict=True):
        driver.run(f"m[{index}]", answer)
        if answer is OK:
            driver.run(f"m[{index}]")
    assert driver.undos("m") == [whole]

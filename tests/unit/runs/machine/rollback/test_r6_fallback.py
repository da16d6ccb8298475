"""Section 6 of docs/semantics.md: a fallback has an effect of its own, beside that of its step."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from designer.document.graph import Action, Retry
from runs.machine.acts import key_of
from runs.machine.bindings import task_bindings
from runs.machine.events import HandBack
from runs.machine.retry_policy import next_direction
from tests.unit.runs.machine.driver import (
    CRITICAL,
    DONE,
    ERROR,
    NOT_DONE,
    OK,
    ONCE,
    UNDO,
    UNKNOWN,
    Driver,
    chain,
    each,
    gave,
    saga,
    task,
)
from workers.sdk.outcome import Failure, Outcome

rule = pytest.mark.rule
OWN, FALLBACK = "run:a", "run:a:fallback"
VERIFY = Action("look")


def falling(own: Outcome = CRITICAL, *fallback: Outcome, **fields: Any) -> Driver:
    """A step whose own attempt and whose fallback ended so."""
    fields = {"fallback": Action("other"), "on_failure": "pause", "retry": ONCE} | fields
    driver = Driver(chain(saga("a", **fields), task("z")))
    for outcome in (own, *fallback):
        driver.run("a", outcome)
    return driver


def key(driver: Driver, name: str = "a") -> str:
    return key_of("run", driver.step(name))


def output_of_undo(driver: Driver) -> Any:
    return task_bindings(driver.memory.graph, driver.memory.state(), "a", "undo")["output"]


def undone(driver: Driver, name: str = "a") -> list[tuple[str, Any]]:
    """Lets the undos of a step succeed. Returns their keys, each with the output that its undo gets."""
    calls = []
    while name in driver.ready():
        calls.append((key(driver, name), driver.bindings(name)["output"]))
        driver.run(name)
    return calls


def given_up(driver: Driver) -> Driver:
    """The rollback begins, because `a` is given up or `z` fails."""
    if driver.step("a").intervention is not None:
        driver.answer("a", "compensate")
    else:
        driver.run("z", CRITICAL)
    return driver


@rule("R6.16")
def test_an_attempt_and_its_fallback_have_keys_of_their_own() -> None:
    driver = falling()
    assert key(driver) == FALLBACK and driver.step("a").phase == "fallback"
    driver.run("a", ERROR)
    driver.answer("a", "retry")
    assert key(driver) == OWN
    lease = driver.claim("a")
    driver.take(HandBack(driver.now, "a", lease))
    assert key(driver) == OWN
    driver.run("a", ERROR)
    driver.take(HandBack(driver.now, "a", driver.claim("a")))
    assert (key(driver), driver.step("a").phase) == (FALLBACK, "fallback")


EFFECTS = {
    "none": CRITICAL,
    "unknown": UNKNOWN,
    "done": gave(by="it"),
}


@rule("R6.16")
@pytest.mark.parametrize(("own", "fallback"), list(product(["none", "unknown"], EFFECTS)))
@pytest.mark.parametrize("order", ["sequential", "parallel"])
def test_each_effect_that_may_be_there_is_undone_once_the_later_one_first(own, fallback, order) -> None:
    driver = Driver(
        chain(
            saga("a", fallback=Action("other"), on_failure="pause", retry=ONCE),
            task("z"),
            compensation_order=order,
        )
    )
    driver.run("a", EFFECTS[own])
    driver.run("a", EFFECTS[fallback])
    given_up(driver)
    expected = [(FALLBACK, {"by": "it"} if fallback == "done" else {})] if fallback != "none" else []
    expected += [(OWN, {})] if own == "unknown" else []
    assert undone(driver) == expected
    assert driver.status == ("compensated" if expected else "failed")


@rule("R6.16")
@pytest.mark.parametrize("own", [CRITICAL, UNKNOWN])
@pytest.mark.parametrize("answer", [DONE, NOT_DONE, ERROR], ids=["done", "not done", "no answer"])
def test_a_fallback_of_unknown_outcome_is_verified_as_such(own, answer) -> None:
    driver = falling(own, *([NOT_DONE] if own is UNKNOWN else []), UNKNOWN, verify=VERIFY)
    assert (driver.step("a").phase, key(driver)) == ("verify", FALLBACK)
    assert driver.context("a")["acted"] == "fallback"
    driver.run("a", answer)
    assert driver.statuses("a") == ["completed" if answer is DONE else "blocked"]
    given_up(driver)
    if answer is ERROR:  # asked once more before the undo
        assert driver.ready() == ["a"]
        driver.run("a", NOT_DONE)
        assert driver.status == "failed"
    else:
        expected = [(FALLBACK, {"found": 1})] if answer is DONE else []
        assert undone(driver) == expected


@rule("R6.16")
@pytest.mark.parametrize(("first", "second"), list(product([DONE, NOT_DONE, ERROR], repeat=2)))
def test_before_the_undo_each_act_is_verified_by_itself(first, second) -> None:
    driver = falling(UNKNOWN, ERROR, UNKNOWN, ERROR, verify=VERIFY)
    given_up(driver)
    asked, calls = [], []
    for answer, act in ((first, FALLBACK), (second, OWN)):
        asked.append(key(driver))
        driver.run("a", answer)
        if answer is not NOT_DONE:
            calls.append((key(driver), driver.bindings("a")["output"]))
            driver.run("a")
            assert calls[-1] == (act, {"found": 1} if answer is DONE else {})
    assert asked == [FALLBACK, OWN]
    all_none = first is second is NOT_DONE
    assert (driver.undos("a"), driver.status) == (
        (["none"], "failed") if all_none else (["compensated"], "compensated")
    )


@rule("R6.16")
@rule("R7.3")
@pytest.mark.parametrize("answer", ["retry", "resolve", "abandon"])
def test_a_person_answers_for_the_act_in_question(answer) -> None:
    driver = falling(UNKNOWN, OK)
    given_up(driver)
    driver.run("a", CRITICAL)
    driver.answer("a", answer)
    if answer == "abandon":
        assert (driver.status, driver.memory.run.left_undone) == ("failed", 2)
        return
    if answer == "retry":
        assert key(driver) == FALLBACK
        driver.run("a")
    assert undone(driver) == [(OWN, {})]
    assert driver.status == "compensated"


@rule("R6.16")
def test_after_the_first_undo_leaving_the_second_leaves_one() -> None:
    driver = falling(UNKNOWN, OK)
    given_up(driver)
    driver.run("a")
    driver.run("a", CRITICAL)
    driver.answer("a", "abandon")
    assert (driver.undos("a"), driver.memory.run.left_undone) == (["abandoned"], 1)


@rule("R6.16")
@pytest.mark.parametrize("outcome", [OK, CRITICAL, UNKNOWN], ids=["done", "none", "unknown"])
def test_a_fallback_that_ends_during_the_rollback_is_undone_as_well(outcome) -> None:
    steps = [saga("a", fallback=Action("other"), retry=ONCE), task("z")]
    driver = Driver(chain(*steps[:1]))
    driver.run("a", UNKNOWN)
    driver.claim("a")
    driver.cancel()
    driver.report("a", outcome)
    expected = [FALLBACK] if outcome is not CRITICAL else []
    assert [one for one, _ in undone(driver)] == [*expected, OWN]
    assert driver.status == "cancelled"


# --- outputs that were refused ---

REFUSED = Outcome("failed", {"id": 7}, Failure("bad_output", "too large"), acted=True)


@rule("R6.15")
@rule("R6.16")
@pytest.mark.parametrize("own", ["none", "unknown"])
@pytest.mark.parametrize(
    "answer", [None, DONE, NOT_DONE, ERROR], ids=["unasked", "done", "not done", "no answer"]
)
def test_a_fallback_whose_output_was_refused_is_undone_as_such(own, answer) -> None:
    verify: dict[str, Any] = {} if answer is None else {"verify": VERIFY}
    first = [EFFECTS[own], *([ERROR] if own == "unknown" and verify else [])]
    driver = falling(*first, REFUSED, **verify)
    if answer is not None:
        assert (driver.step("a").phase, key(driver)) == ("verify", FALLBACK)
        driver.run("a", answer)
    assert driver.statuses("a") == ["completed" if answer is DONE else "blocked"]
    given_up(driver)
    calls = []
    while "a" in driver.ready():
        if next_direction(driver.memory.base.by_name["a"], driver.step("a")) == "undo":
            calls.append((key(driver), output_of_undo(driver)))
        driver.run("a", OK)
    known = {"found": 1} if answer is DONE else {"id": 7}
    expected = [] if answer is NOT_DONE else [(FALLBACK, known)]
    assert calls == expected + ([(OWN, {})] if own == "unknown" else [])


# --- a person tries it again ---


@rule("R6.16")
@rule("R7.2")
def test_a_retry_that_succeeds_leaves_the_fallbacks_effect_to_be_undone_after_it() -> None:
    driver = falling(CRITICAL, UNKNOWN)
    driver.answer("a", "retry")
    driver.run("a", gave(by="own"))
    driver.run("z", CRITICAL)
    assert undone(driver) == [(OWN, {"by": "own"}), (FALLBACK, {})]


@rule("R6.16")
@rule("R7.2")
@pytest.mark.parametrize("own", [CRITICAL, UNKNOWN], ids=["known", "unknown"])
def test_before_a_retry_every_act_of_unknown_outcome_is_verified(own) -> None:
    driver = falling(own, *([ERROR] if own is UNKNOWN else []), UNKNOWN, ERROR, verify=VERIFY)
    driver.answer("a", "retry")
    asked = []
    while driver.step("a").phase == "verify":
        asked.append(key(driver))
        driver.run("a", NOT_DONE)
    assert asked == [FALLBACK, OWN][: 1 + (own is UNKNOWN)]
    assert (driver.step("a").phase, key(driver), driver.statuses("a")) == ("forward", OWN, ["queued"])
    driver.run("a")
    driver.run("z", CRITICAL)
    assert undone(driver) == [(OWN, {})]


@rule("R6.16")
def test_what_a_person_completes_by_hand_counts_as_the_steps_own() -> None:
    driver = falling(UNKNOWN, UNKNOWN)
    driver.answer("a", "resolve", output={"by": "hand"})
    driver.run("z", CRITICAL)
    assert undone(driver) == [(OWN, {"by": "hand"}), (FALLBACK, {})]


@rule("R6.16")
@rule("R5.5")
def test_items_have_fallbacks_of_their_own() -> None:
    step = each("m", fallback=Action("other"), retry=ONCE, compensation=UNDO)
    driver = Driver(chain(step, task("z")), {"items": [1, 2]})
    driver.run("m[0]", UNKNOWN)
    driver.run("m[0]")
    driver.run("m[1]")
    driver.run("z", CRITICAL)
    calls = []
    while ready := driver.ready():
        calls.append(key(driver, ready[0]))
        driver.run(ready[0])
    assert calls == ["run:m[1]", "run:m[0]:fallback", "run:m[0]"]


@rule("R6.16")
def test_the_own_attempts_of_a_step_without_a_fallback_are_as_before() -> None:
    driver = Driver(chain(saga("a", retry=Retry(max_attempts=2, initial=0.0)), task("z")))
    driver.run("a", UNKNOWN)
    driver.wake("a")
    driver.run("a", OK)
    driver.run("z", CRITICAL)
    assert "acted" not in driver.context("a")
    assert undone(driver) == [(OWN, {})]

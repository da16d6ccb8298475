"""Section 4 of docs/semantics.md: attempts, what workers say, retries and leases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from designer.document.graph import Action, Retry
from runs.machine.errors import Stale
from runs.machine.events import Claim, Dispatch, HandBack, Lose, Note, Report
from runs.machine.retry_policy import LEASE_GRACE_S, delay_s
from tests.unit.runs.machine.driver import (
    CRITICAL,
    ERROR,
    OK,
    PERSON,
    START,
    UNKNOWN,
    Driver,
    asks,
    chain,
    gave,
    saga,
    task,
)
from workers.sdk.limits import DELAY_S_MAX
from workers.sdk.outcome import Failure, Outcome

rule = pytest.mark.rule
SAID_NO = Outcome("failed", {"status": "failed"}, Failure("returned_failed", "no"))


def trying(attempts: int = 3, **fields: Any) -> Driver:
    retry = Retry(max_attempts=attempts, initial=2.0, factor=2.0, max=5.0, jitter=0.0)
    return Driver(chain(task("a", **{"retry": retry} | fields), task("b")))


TABLE = [
    # outcome, what becomes of the step, what becomes of the run
    (OK, "completed", "running"),
    (asks(), "retrying", "running"),
    (SAID_NO, "failed", "failed"),
    (PERSON, "blocked", "blocked"),
    (ERROR, "retrying", "running"),
    (CRITICAL, "failed", "failed"),
    (UNKNOWN, "retrying", "running"),
]


@rule("R4.1")
@pytest.mark.parametrize(("outcome", "step", "run"), TABLE, ids=lambda value: getattr(value, "kind", value))
def test_what_an_outcome_leads_to(outcome, step, run) -> None:
    driver = trying()
    driver.run("a", outcome)
    assert (driver.step("a").status, driver.status) == (step, run)


@rule("R4.2")
def test_a_worker_that_asks_for_another_attempt_finds_there_what_it_said() -> None:
    driver = trying()
    driver.run("a", asks(7.0, retry_count=1))
    assert driver.step("a").due_at == START + timedelta(seconds=7)
    driver.wait(7)
    driver.wake("a")
    driver.claim("a")
    assert driver.context("a") == {"status": "retry_needed", "retry_count": 1}
    driver.report("a", gave(a=1))
    assert driver.context("b") == {"a": 1}


@rule("R4.2")
def test_asking_without_a_delay_takes_the_policys_and_a_delay_is_bounded() -> None:
    driver = trying()
    driver.run("a", asks())
    assert driver.step("a").due_at == START + timedelta(seconds=2)
    driver.wait(2)
    driver.wake("a")
    driver.run("a", asks(1e12))
    assert driver.step("a").due_at == driver.now + timedelta(seconds=DELAY_S_MAX)


@rule("R4.2")
def test_asking_is_bounded_by_its_own_count() -> None:
    driver = trying(retry=Retry(max_attempts=1, asks_max=2))
    for _ in range(2):
        driver.run("a", asks(0.0))
        driver.wake("a")
    driver.run("a", asks(0.0))
    assert driver.step("a").status == "failed"
    assert (driver.step("a").error or {})["code"] == "retries_used_up"


@rule("R4.3")
def test_a_worker_that_says_it_failed_is_not_asked_again() -> None:
    driver = trying()
    driver.run("a", SAID_NO)
    assert driver.step("a").attempt == 1
    assert driver.last("step.failed").payload == {"status": "failed"}


@rule("R4.5")
def test_an_error_is_retried_after_the_policys_delays_until_its_attempts_are_used_up() -> None:
    driver = trying()
    for delay in (2, 4):
        driver.run("a", ERROR)
        assert driver.step("a").due_at == driver.now + timedelta(seconds=delay)
        with pytest.raises(Stale):
            driver.wake("a")
        driver.wait(delay)
        driver.wake("a")
    driver.run("a", ERROR)
    assert (driver.step("a").status, driver.step("a").attempt) == ("failed", 3)
    assert driver.step("a").error == {"code": "exception", "message": "it broke", "type": "ValueError"}


@rule("R4.5")
@pytest.mark.parametrize(
    ("failures", "jitter", "seconds"),
    [(1, 0, 2), (2, 0, 6), (3, 0, 18), (4, 0, 20), (10_000, 0, 20), (1, 1, 2.4), (1, -1, 1.6), (4, 1, 24)],
)
def test_delays_grow_to_a_bound_and_jitter(failures, jitter, seconds) -> None:
    retry = Retry(initial=2.0, factor=3.0, max=20.0, jitter=0.2)
    assert delay_s(retry, failures, jitter) == pytest.approx(seconds)


@rule("R4.6")
def test_a_critical_failure_is_not_retried() -> None:
    driver = trying()
    driver.run("a", CRITICAL)
    assert driver.statuses("a", "b") == ["failed", "pending"]


@rule("R4.7")
def test_a_lost_worker_and_a_timeout_are_retried_and_count() -> None:
    driver = trying(2)
    driver.claim("a")
    driver.take(Lose(driver.now, "a", 1))
    assert (driver.step("a").status, driver.step("a").unknown) == ("retrying", True)
    driver.wait(2)
    driver.wake("a")
    driver.run("a", UNKNOWN)
    assert driver.step("a").status == "failed"


@rule("R4.8")
def test_a_fallback_is_tried_once_when_the_attempts_are_used_up() -> None:
    driver = trying(1, fallback=Action("other", queue="slow"))
    driver.run("a", ERROR)
    assert driver.step("a").status == "queued"
    assert driver.commands == (Dispatch("a", 2, "slow"),)
    driver.run("a", ERROR)
    assert driver.types.count("step.fallback_started") == 1
    assert driver.step("a").status == "failed"


@rule("R4.8")
@pytest.mark.parametrize("outcome", [CRITICAL, SAID_NO, UNKNOWN], ids=["critical", "said no", "unknown"])
def test_a_fallback_steps_in_for_every_failure(outcome) -> None:
    driver = trying(1, fallback=Action("other"))
    driver.run("a", outcome)
    driver.run("a", gave(a=1))
    assert driver.statuses("a", "b") == ["completed", "queued"]


# --- leases ---


@rule("R4.9")
def test_an_attempt_is_claimed_once() -> None:
    driver = trying()
    assert driver.notified() == ["a"]
    driver.take(Claim(driver.now, "a", 1, "p1"))
    for lease in (0, 1, 2, 3):
        assert driver.verdict(Claim(driver.now, "a", lease, "p2")) == "."
    assert driver.step("a").process == "p1"


@rule("R4.9")
def test_only_the_current_lease_may_report() -> None:
    driver = trying()
    driver.claim("a")
    driver.take(Lose(driver.now, "a", 1))
    driver.wait(2)
    driver.wake("a")
    assert driver.verdict(Report(driver.now, "a", 1, OK)) == "."
    driver.claim("a")
    for lease in (0, 1, 3):
        assert driver.verdict(Report(driver.now, "a", lease, OK)) == "."
    assert driver.verdict(Report(driver.now, "a", 2, OK)) == "+"
    assert driver.verdict(Report(driver.now, "a", 2, OK)) == "."


@rule("R4.10")
def test_a_lease_that_runs_out_counts_as_a_lost_worker() -> None:
    driver = trying()
    driver.claim("a")
    driver.wait(10 + LEASE_GRACE_S - 1)
    assert driver.verdict(Report(driver.now, "b", 1, OK)) == "."
    with pytest.raises(Stale):
        driver.wake("a")
    driver.wait(1)
    driver.wake("a")
    assert driver.step("a").status == "retrying"
    assert (driver.step("a").error or {})["code"] == "worker_lost"


@rule("R4.10")
def test_a_ring_that_was_lost_is_rung_again() -> None:
    driver = trying()
    driver.wake("a")
    assert driver.notified() == ["a"]
    assert driver.step("a").status == "queued"


@rule("R4.11")
def test_an_attempt_that_is_handed_back_costs_nothing() -> None:
    driver = trying(1)
    driver.claim("a")
    driver.take(HandBack(driver.now, "a", 1))
    assert (driver.step("a").status, driver.step("a").failures) == ("queued", 0)
    driver.run("a", OK)
    assert driver.step("a").status == "completed"


@rule("R4.11")
def test_an_attempt_that_is_handed_back_during_a_rollback_ends() -> None:
    driver = Driver(chain(saga("a"), task("b")))
    driver.run("a")
    driver.claim("b")
    driver.cancel()
    driver.take(HandBack(driver.now, "b", 1))
    assert driver.statuses("b") == ["failed"]
    assert driver.ready() == ["a"]


@rule("R4.12")
def test_the_progress_of_an_undo_says_which_attempt_of_it_this_is() -> None:
    undo = Action("undo", retry=Retry(max_attempts=2, initial=0.0))
    driver = Driver(chain(saga("a", compensation=undo), task("z")))
    driver.run("a")
    driver.run("z", CRITICAL)
    driver.run("a", ERROR)
    driver.claim("a")
    driver.take(Note(driver.now, "a", 3, 0.5))
    assert (driver.last("step.progress").attempt, driver.step("a").attempt) == (2, 1)


@rule("R4.12")
def test_a_running_attempt_may_say_how_far_it_is() -> None:
    driver = trying()
    driver.claim("a")
    before = driver.step("a")
    driver.take(Note(driver.now, "a", 1, 0.5, "half", ("a line",)))
    assert driver.last("step.progress").data == {"fraction": 0.5, "message": "half", "log": ["a line"]}
    assert driver.step("a") == before
    driver.report("a")
    assert driver.verdict(Note(driver.now, "a", 1, 0.9)) == "."

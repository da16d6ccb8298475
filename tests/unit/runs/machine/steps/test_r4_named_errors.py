"""R4.13 and R4.14: the names of errors, and retry policies that depend on them."""

from __future__ import annotations

from typing import Any

import pytest

from designer.document.calls import Retry
from designer.document.resolve import resolve_policies
from tests.unit.runs.machine.driver import ERROR, UNKNOWN, Driver, asks, chain, task
from workers.execution.classify import classify, classify_exception
from workers.sdk.decorator import worker
from workers.sdk.errors import BadDefinition, CriticalFailure, TemporaryFailure
from workers.sdk.outcome import Failure, Outcome

rule = pytest.mark.rule


def failed(code: str) -> Outcome:
    return Outcome("failed", failure=Failure(code, "it said so"), retryable=True)


@rule("R4.13")
@pytest.mark.parametrize(
    ("said", "code"),
    [
        (TemporaryFailure("no", code="card_declined"), "card_declined"),
        (CriticalFailure("no", code="payment.refused"), "payment.refused"),
        (TemporaryFailure("no"), "exception"),
        (CriticalFailure("no"), "critical"),
        (ValueError("no"), "exception"),
    ],
)
def test_the_code_that_is_raised(said: Exception, code: str) -> None:
    outcome = classify_exception(said, 1.0)
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.message) == (code, "no")


@rule("R4.13")
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("card_declined", "card_declined"),
        (None, "returned_failed"),
        (500, "returned_failed"),
        ("", "returned_failed"),
        ("a b", "returned_failed"),
        ("x" * 101, "returned_failed"),
    ],
)
def test_the_code_that_is_returned(given: Any, code: str) -> None:
    outcome = classify({"status": "failed", "code": given, "error": "no"}, "forward")
    assert outcome.failure == Failure(code, "no")


@rule("R4.13")
@pytest.mark.parametrize("code", ["a b", "é", "x" * 101, "*", "-a", 5])
def test_a_code_that_no_pattern_could_name_is_refused_where_it_is_raised(code: Any) -> None:
    with pytest.raises(ValueError, match="an error's code"):
        TemporaryFailure("no", code=code)


@rule("R4.14")
@pytest.mark.parametrize(
    ("only", "never", "code", "is_tried_again"),
    [
        ((), (), "x", True),
        (("x",), (), "x", True),
        (("x",), (), "y", False),
        (("pay.*",), ("pay.fraud",), "pay.limit", True),
        (("pay.*",), ("pay.fraud",), "pay.fraud", False),
        ((), ("pay.*",), "pay.limit", False),
        ((), ("pay.*",), "other", True),
    ],
)
def test_a_policy_is_for_the_errors_that_it_names(
    only: tuple[str, ...], never: tuple[str, ...], code: str, is_tried_again: bool
) -> None:
    driver = Driver(
        chain(task("a", retry=Retry(max_attempts=3, initial=0.0, jitter=0.0, only=only, never=never)))
    )
    driver.run("a", failed(code))
    assert driver.step("a").status == ("retrying" if is_tried_again else "failed")


def waits(driver: Driver, step: str) -> float:
    """How many seconds a step waits for its next attempt."""
    due_at = driver.step(step).due_at
    assert due_at is not None
    return (due_at - driver.now).total_seconds()


@rule("R4.14")
def test_of_several_policies_the_first_that_fits_counts() -> None:
    policies = (
        Retry(max_attempts=2, initial=1.0, jitter=0.0, only=("busy",)),
        Retry(max_attempts=4, initial=8.0, factor=1.0, jitter=0.0, never=("fatal",)),
    )
    driver = Driver(chain(task("a", retry=policies)))
    driver.run("a", failed("busy"))
    assert waits(driver, "a") == 1.0
    driver.wait(1)
    driver.wake("a")
    driver.run("a", UNKNOWN)
    assert waits(driver, "a") == 8.0
    driver.wait(8)
    driver.wake("a")
    driver.run("a", failed("busy"))  # the third failure, where its policy grants two attempts
    assert driver.step("a").status == "failed"
    other = Driver(chain(task("a", retry=policies)))
    other.run("a", failed("fatal"))
    assert other.step("a").status == "failed"


@rule("R4.14")
def test_a_worker_that_asks_gets_its_attempt_whatever_the_patterns_say() -> None:
    policy = resolve_policies(Retry(max_attempts=3, only=("busy",)))
    driver = Driver(chain(task("a", retry=policy)))
    driver.run("a", asks(0.0))
    assert driver.step("a").status == "retrying"


@rule("R4.14")
def test_a_decorator_states_policies_in_the_same_words() -> None:
    @worker("listed", retry=[{"max_attempts": 5, "only": ["busy*"]}, {"max_attempts": 2}])
    def listed() -> None: ...

    for retry, words in (
        ({"only": "busy"}, "list of error codes"),
        ({"never": ["a b"]}, "list of error codes"),
        ([], "list of 1 to"),
        ([{"sometimes": 1}], "retry has no 'sometimes'"),
    ):
        with pytest.raises(BadDefinition, match=words):
            worker("wrong", retry=retry)(lambda: None)


@rule("R4.14")
def test_errors_of_no_policy_fail_at_once() -> None:
    driver = Driver(chain(task("a", retry=Retry(max_attempts=9, only=("busy",)))))
    driver.run("a", ERROR)
    assert driver.step("a").status == "failed"

"""The table of results: what a worker may say, and what it comes to."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.unit.workers.helpers import why
from workers import CriticalFailure, TemporaryFailure
from workers.execution.classify import classify, classify_exception
from workers.sdk.errors import AttemptTimedOut
from workers.sdk.limits import DELAY_S_MAX

STEP_TABLE: list[tuple[Any, str, str | None]] = [
    ({"a": 1}, "succeeded", None),
    ({}, "succeeded", None),
    (None, "succeeded", None),
    (0, "succeeded", None),
    ("text", "succeeded", None),
    ([{"status": "failed"}], "succeeded", None),
    ({"status": "success"}, "succeeded", None),
    ({"status": "fallback_success"}, "succeeded", None),
    ({"status": "no_action_needed"}, "succeeded", None),
    ({"status": ["failed"]}, "succeeded", None),
    ({"status": {}}, "succeeded", None),
    ({"status": "retry_needed"}, "retry_needed", "retry_needed"),
    ({"status": "failed"}, "failed", "returned_failed"),
    ({"status": "validation_failed"}, "failed", "returned_failed"),
    ({"status": "critical_failure"}, "intervention", "intervention_requested"),
    ({"requires_intervention": True}, "intervention", "intervention_requested"),
    ({"status": "failed", "requires_intervention": True}, "intervention", "intervention_requested"),
    ({"requires_intervention": "yes"}, "succeeded", None),
    ({"requires_intervention": False}, "succeeded", None),
]


@pytest.mark.rule("R4.4")
@pytest.mark.parametrize("direction", ["forward", "fallback", "undo"])
@pytest.mark.parametrize(("output", "kind", "code"), STEP_TABLE)
def test_results_of_steps_and_compensations(direction, output, kind, code):
    outcome = classify(output, direction)
    assert outcome.kind == kind and outcome.output == output
    assert (outcome.failure.code if outcome.failure else None) == code
    assert outcome.retryable == (kind == "retry_needed")


@pytest.mark.parametrize(
    ("direction", "kind"), [("undo", "intervention"), ("forward", "succeeded"), ("fallback", "succeeded")]
)
def test_a_compensation_may_ask_for_a_person_by_its_own_flag(direction, kind):
    assert classify({"requires_manual_intervention": True}, direction).kind == kind


@pytest.mark.parametrize(
    ("output", "kind", "answer"),
    [
        ({"outcome": "done", "output": {"id": 1}}, "succeeded", {"outcome": "done", "output": {"id": 1}}),
        ({"outcome": "done"}, "succeeded", {"outcome": "done", "output": {}}),
        ({"outcome": "not_done", "why": "x"}, "succeeded", {"outcome": "not_done"}),
        ({"outcome": "perhaps"}, "failed", None),
        ({"outcome": ["done"]}, "failed", None),
        (True, "failed", None),
        (None, "failed", None),
    ],
)
def test_answers_of_verifications(output, kind, answer):
    outcome = classify(output, "verify")
    assert (outcome.kind, outcome.output) == (kind, answer)
    assert outcome.failure is None or outcome.failure.code == "bad_output"


@pytest.mark.parametrize(
    ("asked", "delay"),
    [
        (2, 2.0),
        (0.5, 0.5),
        (0, 0.0),
        (-3, 0.0),
        (3 * 86_400, 259_200.0),
        (DELAY_S_MAX, DELAY_S_MAX),
        ("2", None),
        (True, None),
        (None, None),
    ],
)
def test_the_delay_that_a_worker_asks_for_is_bounded(asked, delay):
    outcome = classify({"status": "retry_needed", "next_attempt_delay": asked}, "forward")
    assert outcome.delay == delay


def test_a_delay_beyond_the_limit_is_refused_with_words():
    outcome = classify({"status": "retry_needed", "next_attempt_delay": 10**9}, "forward")
    assert outcome.failure is not None
    assert (outcome.kind, outcome.failure.code) == ("failed", "bad_output")
    assert "1,000,000,000 seconds; the limit is 31,622,400 seconds" in outcome.failure.message


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ({"status": "failed", "error": "no stock"}, "no stock"),
        ({"status": "validation_failed", "errors": ["a", "b"]}, "['a', 'b']"),
        ({"status": "failed"}, "returned status 'failed'"),
        ({"requires_intervention": True}, "asked for a person"),
        ({"status": "failed", "error": "x" * 5_000}, "x" * 2_000),
    ],
)
def test_the_reason_is_in_the_workers_own_words_and_bounded(output, message):
    assert why(classify(output, "forward")).message == message


@pytest.mark.rule("R4.4")
@pytest.mark.parametrize(
    ("error", "kind", "code", "retryable"),
    [
        (TemporaryFailure("busy"), "failed", "exception", True),
        (ValueError("busy"), "failed", "exception", True),
        (TimeoutError("busy"), "failed", "exception", True),
        (asyncio.CancelledError("busy"), "failed", "exception", True),
        (SystemExit("busy"), "failed", "exception", True),
        (KeyboardInterrupt("busy"), "failed", "exception", True),
        (CriticalFailure("busy"), "failed", "critical", False),
        (AttemptTimedOut(), "unknown", "timeout", True),
    ],
)
def test_exceptions(error, kind, code, retryable):
    outcome = classify_exception(error, 2.5)
    assert (outcome.kind, why(outcome).code, outcome.retryable) == (kind, code, retryable)
    expected = "stopped after its timeout of 2.5 s" if code == "timeout" else "busy"
    assert expected in why(outcome).message


def test_an_exception_that_says_nothing_or_breaks_is_named_by_its_class():
    class Silent(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    for error in (Silent(), ValueError()):
        assert why(classify_exception(error, 1)).message == type(error).__name__

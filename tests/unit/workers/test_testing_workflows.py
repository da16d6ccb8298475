"""`workers.testing` plays saved tests in a user's own pytest."""

from __future__ import annotations

from typing import Any

import pytest

from designer import patterns
from designer.builder import WorkflowBuilder
from designer.document.graph import Graph
from designer.errors import TestsRefused
from workers import testing

FILE = patterns.FOLDER / "customer_queue.yaml"


def order() -> Graph:
    return (
        WorkflowBuilder("order")
        .add_step("reserve", "reserve_inventory", compensation="release_inventory")
        .add_step("pay", "charge_payment", compensation="refund_payment")
        .build()
    )


def test_the_tests_beside_a_file_are_played() -> None:
    testing.check_tests(FILE)
    testing.check_tests(str(FILE))
    assert [result.passed for result in testing.results_of(FILE)] == [True] * 3


def test_a_built_workflow_is_tested() -> None:
    test: dict[str, Any] = {
        "name": "declined",
        "mocks": {"pay": {"fails": "card_declined", "for_good": True}},
    }
    testing.check_test(order(), {**test, "expect": {"status": "compensated", "undone": ["reserve"]}})
    with pytest.raises(AssertionError, match="status: expected completed, came compensated"):
        testing.check_test(order(), {**test, "expect": {"status": "completed"}})


def test_the_workflows_that_steps_run_are_given() -> None:
    parent = WorkflowBuilder("parent").workflow("call", "order", input={}).build()
    test = {
        "name": "paid",
        "mocks": {"call/pay": {"output": {"paid": 5}}},
        "expect": {"checks": ["steps.call.paid == 5"]},
    }
    testing.check_test(parent, test, others=[order()])


def test_what_cannot_be_read_is_told() -> None:
    with pytest.raises(TestsRefused):
        testing.check_test(order(), {"mocks": {}})
    with pytest.raises(ValueError, match="no file of tests"):
        testing.check_tests(order())

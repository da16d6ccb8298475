"""What many different expressions cost: each as much as the one before, and what is remembered is bounded."""

from __future__ import annotations

import gc
import resource
import sys
from typing import Any

import pytest

from designer.expressions.budget import WORK_MAX, SharedBudget
from designer.expressions.expressions import CACHE_MAX, compile_expression
from tests.bench.growth.counting import calls

pytestmark = pytest.mark.rule("R2.19")
SCOPE: dict[str, Any] = {"context": {"a": 2, "b": 0.5, "name": "Zoë", "rows": [{"n": 1}, {"n": 2.5}]}}
KILOBYTES_MAX = 40_000


def evaluate(start: int, count: int) -> int:
    """Compiles and evaluates so many different expressions of one length; returns the work that it cost."""
    paid = 0
    for number in range(100_000 + start, 100_000 + start + count):
        source = (
            f"context.a * 1.{number} + context.b > {number} && context.name.matches('Z{number}') "
            f"? {number}.5 : sum(context.rows.map(r, r.n * {number}))"
        )
        with SharedBudget() as budget:
            compile_expression(source).evaluate(SCOPE)
            paid += WORK_MAX - budget.left
    return paid


def test_ten_thousand_different_expressions_cost_each_the_same_and_leave_nothing() -> None:
    """Objects are counted; the library's own memory shows only in the size of the process."""
    evaluate(0, CACHE_MAX)
    first_calls, first_paid = calls(lambda: evaluate(CACHE_MAX, 500))
    gc.collect()
    blocks, size = sys.getallocatedblocks(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert evaluate(10_000, 10_000) == 20 * first_paid
    last_calls, last_paid = calls(lambda: evaluate(20_000, 500))
    gc.collect()
    assert last_paid == first_paid and last_calls < 1.05 * first_calls
    assert sys.getallocatedblocks() < 1.02 * blocks
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - size < KILOBYTES_MAX
    assert compile_expression.cache_info().currsize <= CACHE_MAX

"""Every function is bounded in time and memory, whatever it is given (R2.17)."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.errors import ExpressionError
from designer.expressions.budget import RESULT_WEIGHT_MAX, WORK_MAX, SharedBudget, weight
from designer.expressions.expressions import compile_expression
from designer.expressions.functions.catalog import CATALOG
from tests.unit.designer.expressions.functions.hostile import DEEP, HOSTILE, KEYS, NUMBERS, Cost

pytestmark = pytest.mark.rule("R2.17")
SECONDS_MAX = 8  # for a whole budget; most take two, on a machine that has nothing else to do
FREE = 0.1  # the share of it for what nobody pays for, such as the library's copy of a result
NOW = datetime(2026, 1, 31, tzinfo=UTC)


def test_each_function_has_hostile_arguments() -> None:
    assert {name for name, function in CATALOG.items() if function.call} <= {one[0] for one in HOSTILE}


@pytest.fixture(scope="module")
def hostile() -> list[Cost]:
    """What all hostile arguments have cost, one after the other in a process with little memory."""
    module = "tests.unit.designer.expressions.functions.hostile"
    done = subprocess.run([sys.executable, "-m", module], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    return [Cost(*cost) for cost in json.loads(done.stdout)]


def test_hostile_arguments_cost_time_for_the_work_that_is_paid_for_or_are_refused(
    hostile: list[Cost],
) -> None:
    """So whoever spends the whole budget takes seconds at most."""
    assert not [cost for cost in hostile if cost.seconds > SECONDS_MAX * (FREE + cost.work)]


def test_hostile_arguments_take_a_bounded_memory(hostile: list[Cost]) -> None:
    assert not [cost for cost in hostile if not cost.has_memory]


POOL: dict[str, Any] = {
    "text": "ab,é" * 50_000,
    "spaces": " " * 300_000,
    "json": f"[{'[1],' * 20_000}0]",
    "deep_json": DEEP,
    "digits": "9" * 100_000,
    "empty": "",
    "list": NUMBERS[:30_000],
    "texts": ["ab"] * 20_000,
    "lists": [[1, "a"]] * 10_000,
    "nothing": [],
    "objects": [{"a": number} for number in range(8_000)],
    "object": dict(list(KEYS.items())[:8_000]),
    "large": 2**63 - 1,
    "small": -(2**63),
    "two": 2,
    "huge": 1.7e308,
    "tiny": 5e-324,
    "none": None,
    "yes": True,
    "at": "2026-01-31T09:00:00Z",
    "zone": "Europe/Vienna",
    "unit": "months",
    "path": "a.0.b",
}
NAMES = st.sampled_from([f"context.{name}" for name in POOL])
FUNCTIONS = st.sampled_from([function for function in CATALOG.values() if function.call])


@st.composite
def calls(draw: st.DrawFn) -> str:
    """One function of another one, of arguments of every kind and size."""
    function, inner = draw(FUNCTIONS), draw(FUNCTIONS)
    given = [draw(NAMES) for _ in function.parameters]
    inside = ", ".join(draw(NAMES) for _ in inner.parameters)
    if draw(st.booleans()) and given:
        given[0] = f"{inner.name}({inside})"
    return f"{function.name}({', '.join(given)})"


@settings(max_examples=300, deadline=None)
@given(calls())
def test_any_function_of_anything_ends_with_a_value_or_a_refusal(source: str) -> None:
    started = time.process_time()
    with SharedBudget() as budget:
        try:
            value = compile_expression(source).evaluate({"context": POOL, "now": NOW})
        except ExpressionError as error:
            assert str(error) and len(str(error)) < 1_000
        else:
            assert weight(value, 2 * RESULT_WEIGHT_MAX) <= RESULT_WEIGHT_MAX
        assert 0 <= budget.left < WORK_MAX
    assert time.process_time() - started < SECONDS_MAX


def sources() -> Iterator[tuple[str, Any]]:
    """One use of each function whose work grows with its argument, and what that is made of."""
    for name in ("lower", "upper", "trim", "base64", "sha256", "size"):
        yield f"{name}(context.x)", "a"
    for name in ("sum", "avg", "min", "max", "first", "sort", "reverse", "distinct", "to_json"):
        yield f"{name}(context.x)", [1]
    yield "flatten(context.x)", [[1]]
    yield "sort(context.x, 'n')", [{"n": 1}]
    yield "chunk(context.x, 2)", [1]
    yield "split(context.x, 'a')", "a"
    yield "join(context.x, '-')", ["a"]
    yield "replace(context.x, 'a', 'bb')", "a"
    yield "format('{}', context.x)", "a"
    yield "context.x.index_of('b')", "a"
    yield "context.x == context.x && context.x in [context.x]", [1]
    yield "context.x + context.x + context.x", [1]
    yield "context.x.map(n, n * 1.5 + n)", [1]


@pytest.mark.parametrize(("source", "unit"), list(sources()), ids=lambda part: str(part)[:30])
def test_the_work_that_is_paid_for_grows_with_the_argument(source: str, unit: Any) -> None:
    """Counted, not timed. Sorting costs n · log n."""

    def paid(count: int) -> int:
        with SharedBudget() as budget:
            compile_expression(source).evaluate({"context": {"x": unit * count}})
            return WORK_MAX - budget.left

    small, large = paid(4_000), paid(16_000)
    assert 250 <= small < large <= 5 * small

"""Arithmetic and comparison: whole numbers and others mix (R2.13)."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from designer.errors import ExpressionError
from designer.expressions.expressions import compile_expression

pytestmark = pytest.mark.rule("R2.13")
Number = int | float
CONTEXT: dict[str, Any] = {
    "amount": 100,
    "n": 2,
    "rate": 1.19,
    "odd": 2**53 + 1,
    "even": float(2**53),
    "large": 2**64 - 1,
    "text": "a",
    "rows": [1, 2.5],
}


def value(source: str, **context: Any) -> Any:
    return compile_expression(source).evaluate({"context": CONTEXT | context})


VALUES: list[tuple[str, Any]] = [
    ("context.amount * 1.19", 119.0),
    ("context.amount * context.rate", 119.0),
    ("1 + 2.5", 3.5),
    ("1u + 2.5 - 1", 2.5),
    ("5 / 2", 2),
    ("-5 / 2", -2),
    ("-7 % 2", -1),
    ("5 / 2.0", 2.5),
    ("double(5) / 2", 2.5),
    ("7.5 % 2", 1.5),
    ("-7.5 % 2", -1.5),
    ("2 - 1 - 1.0", 0.0),
    ("2 * (1 + 0.5) * 2", 6.0),
    ("- -context.n", 2),
    ("-context.rate", -1.19),
    ("-2 - -9223372036854775807 + 1", 9223372036854775806),
    ("-9223372036854775808", -9223372036854775808),
    ("context.large - 1", 2**64 - 2),
    ("9223372036854775807 * 1.0", float(2**63)),
    ("0 * -1.0", 0.0),
    ("context.n < 2.5", True),
    ("2.5 > context.n && context.n >= 2.0", True),
    ("1 == 1.0 && 1.0 == 1 && 1 != 1.5", True),
    ("1u == 1.0 && 2u > 1.5", True),
    ("context.odd == context.even", False),
    ("context.odd > context.even", True),
    ("context.odd in [context.even]", False),
    ("9007199254740993 == 9007199254740992.0", False),
    ("[context.odd] == [context.even]", False),
    ("[1, {'a': 2}] == [1.0, {'a': 2.0}]", True),
    ("1 in [1.0] && 2.0 in context.rows == false", True),
    ("true == 1 || [true] == [1] || null == 0", False),
    ("context.text == 1 || context.text in [1]", False),
    ("!context.missing_is_not_read || true", True),
    ("1 < 2 == true", True),
    ("context.text + 'b' + context.text", "aba"),
    ("[1] + [2.5] + []", [1, 2.5]),
    ("size(b'a' + b'b')", 2),
    ("context.rows.map(r, r * 2)", [2, 5.0]),
    ("context.rows[context.n - 1] + 1", 3.5),
    ("{'a': 1 + 1.5}.a == 2.5 ? context.n - 1 : 0", 1),
    ("type(1 + 1) == int && type(1 + 1.0) == double", True),
    ("1.0 / 0.0 > 1 && !(0.0 / 0.0 == 0.0 / 0.0)", True),
    ("timestamp('2026-01-31T00:00:00Z') + duration('1h') - duration('1s')", "2026-01-31T00:59:59Z"),
    ("timestamp('2026-01-31T00:00:00Z') - timestamp('2026-01-30T00:00:00Z') == duration('24h')", True),
    ("duration('1h') + timestamp('2026-01-31T00:00:00Z') < timestamp('2026-01-31T02:00:00Z')", True),
]


@pytest.mark.parametrize(("source", "expected"), VALUES)
def test_values(source: str, expected: Any) -> None:
    result = value(source)
    assert (result, type(result)) == (expected, type(expected))


ERRORS = [
    ("1 / 0", "`1 / 0`: division by zero"),
    ("context.amount % 0", "division by zero"),
    ("9223372036854775807 + 1", "overflow: a whole number has 64 bits"),
    ("-9223372036854775808 - 1", "overflow"),
    ("-(-9223372036854775807 - 1)", "overflow"),
    ("(-9223372036854775807 - 1) / -1", "overflow"),
    ("context.large + 1", "overflow"),
    ("context.large * -1", "overflow"),
    ("context.text + 1", "Unsupported operation: string + int"),
    ("true + 1", "Unsupported operation: bool + int"),
    ("null * 2", "Unsupported operation: null * int"),
    ("-context.text", "Unsupported operation: -string"),
    ("context.text < context.n", "Unsupported comparison: string < int"),
    ("context.n < 'a'", "cannot be done with values of these kinds"),
    ("context.n in context.text", "'in' needs a list or an object, not string"),
    ("1 < 2 < 3", "Unsupported comparison: bool < int"),
    ("timestamp('9999-12-31T00:00:00Z') + duration('48h')", "outside the calendar"),
    ("timestamp('2026-01-31T00:00:00Z') + 1", "Unsupported operation: timestamp + int"),
    ("context.nope + 1", "`context.nope`: no such key"),
]


@pytest.mark.parametrize(("source", "said"), ERRORS)
def test_errors(source: str, said: str) -> None:
    with pytest.raises(ExpressionError) as error:
        value(source)
    assert said in str(error.value)


WHOLES = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-10, 10),
    st.integers(2**53 - 3, 2**53 + 3),
)
NUMBERS: st.SearchStrategy[Number] = st.one_of(
    WHOLES,
    st.floats(allow_nan=False, allow_infinity=False),
    WHOLES.map(float),
    st.sampled_from([0.1, 1.19, -2.5]),
)


def exact(sign: str, left: Fraction, right: Fraction) -> Fraction:
    quotient = left / right if sign in "/%" else Fraction(0)
    results: dict[str, Callable[[], Fraction]] = {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "/": lambda: quotient,
        "%": lambda: left - right * math.trunc(quotient),
    }
    return results[sign]()


def nearest(number: Fraction) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def oracle(sign: str, left: Number, right: Number) -> Number | None:
    """What arithmetic with fractions gives; None for what cannot be evaluated or is no number."""
    if sign in "/%" and right == 0:
        return None
    if isinstance(left, int) and isinstance(right, int):
        whole = math.trunc(exact(sign, Fraction(left), Fraction(right)))
        return whole if -(2**63) <= whole < 2**63 else None
    result = nearest(exact(sign, Fraction(float(left)), Fraction(float(right))))
    return result if math.isfinite(result) else None


@given(st.sampled_from("+-*/%"), NUMBERS, NUMBERS)
@example("/", -(2**63), -1)
@example("%", 5e-324, 2.0)
def test_arithmetic_is_that_of_fractions_rounded_once(sign: str, left: Number, right: Number) -> None:
    expected = oracle(sign, left, right)
    expression = compile_expression(f"context.a {sign} context.b")
    if expected is None:
        with pytest.raises(ExpressionError):
            expression.evaluate({"context": {"a": left, "b": right}})
        return
    result = expression.evaluate({"context": {"a": left, "b": right}})
    assert (result, type(result)) == (expected, type(expected))


@given(st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), NUMBERS, NUMBERS)
@example("==", 2**53 + 1, float(2**53))
@example("<", 2**63 - 1, float(2**63))
def test_comparison_is_that_of_fractions(sign: str, left: Number, right: Number) -> None:
    one, other = Fraction(left), Fraction(right)
    expected = {
        "==": one == other,
        "!=": one != other,
        "<": one < other,
        "<=": one <= other,
        ">": one > other,
        ">=": one >= other,
    }[sign]
    scope = {"context": {"a": left, "b": right}}
    written = f"{left!r} {sign} {right!r}"
    for source in (f"context.a {sign} context.b", f"context.a {sign} {right!r}", written):
        assert compile_expression(source).evaluate(scope) is expected
    if sign == "==":
        assert compile_expression("context.a in [context.b]").evaluate(scope) is expected


@st.composite
def trees(draw: st.DrawFn, depth: int = 4) -> tuple[str, Number | None]:
    """An expression in brackets as needed, and what it must give."""
    if depth == 0 or draw(st.booleans()):
        number = draw(st.one_of(st.integers(-1000, 1000), st.floats(-1e3, 1e3)))
        return repr(number), number
    sign = draw(st.sampled_from("+-*/%"))
    (left, left_value), (right, right_value) = draw(trees(depth - 1)), draw(trees(depth - 1))
    if left_value is None or right_value is None:
        return f"({left} {sign} {right})", None
    result = oracle(sign, left_value, right_value)
    return f"({left} {sign} {right})", result


@given(trees())
def test_whole_expressions_come_to_what_their_parts_come_to(tree: tuple[str, Number | None]) -> None:
    source, expected = tree
    if expected is None:
        return
    result = compile_expression(source).evaluate({})
    assert (result, type(result)) == (expected, type(expected))


@given(st.lists(st.sampled_from("+-*"), min_size=1, max_size=12), st.data())
def test_operators_bind_as_they_do_everywhere(signs: list[str], data: st.DataObject) -> None:
    numbers = [data.draw(st.integers(-9, 9)) for _ in range(len(signs) + 1)]
    source = str(numbers[0])
    for sign, number in zip(signs, numbers[1:], strict=True):
        source += f" {sign} {number}"
    assert compile_expression(source).evaluate({}) == eval(source)
    assert compile_expression(f"{source} <= 5").evaluate({}) is (eval(source) <= 5)

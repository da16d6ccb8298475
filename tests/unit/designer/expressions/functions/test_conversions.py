"""Conversions in expressions: what they give, in digits that are all right, and what they refuse (R2.13)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.designer.expressions.functions.helpers import refusal, value

pytestmark = pytest.mark.rule("R2.13")
VALUES: list[tuple[str, Any]] = [
    ("int(-2.9)", -2),
    ("int('-9223372036854775808')", -(2**63)),
    ("int(timestamp('2026-01-31T09:30:00.9Z'))", 1769851800),
    ("'12'.int() + 1.5", 13.5),
    ("double('1e3') + double(context.max)", float(2**63)),
    ("double(9007199254740993)", 2.0**53),
    ("string(1.0) + string(1e22) + string(1e-7)", "1100000000000000000000000.0000001"),
    ("string(true) + string(context.max)", "true9223372036854775807"),
    ("string(18446744073709551615u)", "18446744073709551615"),
    ("string(timestamp('2026-01-31T09:30:00Z'))", "2026-01-31T09:30:00+00:00"),
    ("string(duration('90m')) + string(duration('-1.5s')) + string(duration('0s'))", "1h30m0s-1.5s0s"),
    ("string(b'Zo\\303\\253')", "Zoë"),
    ("string(0.0 / 0.0)", "NaN"),
    ("bool('true') && !bool(false)", True),
    ("type(bool('true')) == bool && type(int('1')) == int && type(double('1')) == double", True),
]


@pytest.mark.parametrize(("source", "expected"), VALUES)
def test_values(source: str, expected: Any) -> None:
    result = value(source, max=2**63 - 1)
    assert (result, type(result)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("int(1e300)", "1e+300 is an overflow: a whole number has 64 bits"),
        ("int('9223372036854775808')", "is an overflow"),
        ("int(18446744073709551615u)", "is an overflow"),
        ("int('1.5')", "'int' cannot make a whole number of '1.5'"),
        ("int('1_0')", "cannot make a whole number"),
        ("int(null)", "cannot make a whole number of null"),
        ("int(true)", "cannot make a whole number of true"),
        ("int(0.0 / 0.0)", "cannot make a whole number of nan"),
        ("double('ten')", "'double' cannot make a number of 'ten'"),
        ("double('1e400')", "cannot make a number"),
        ("double('inf')", "cannot make a number"),
        ("string([1])", "'string' cannot make a text of a list: write to_json(…)"),
        ("string(b'\\377')", "no text in UTF-8"),
        ("bool('yes')", "'bool' takes the texts 'true' and 'false', not 'yes'"),
    ],
)
def test_refusals(source: str, said: str) -> None:
    assert said in refusal(source)


@given(st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_survives_being_a_text(number: int | float) -> None:
    text = value("string(context.n)", n=number)
    assert "e" not in text and Decimal(text) == Decimal(repr(number))
    back = value("double(string(context.n))", n=number)
    assert back == float(number)
    if isinstance(number, int):
        assert value("int(string(context.n))", n=number) == number
    assert json.loads(value("to_json(context.n)", n=number)) == number

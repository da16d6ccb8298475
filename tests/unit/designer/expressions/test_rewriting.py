"""What is written anew for the library means what was written: the library itself is asked (R2.13)."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.errors import ExpressionError
from designer.expressions.expressions import TYPES, compile_expression
from designer.expressions.functions.catalog import STAND_INS
from designer.expressions.library import cel
from designer.expressions.rewriting import rewritten
from designer.expressions.scanner import loops, scan

pytestmark = pytest.mark.rule("R2.13")
CONTEXT: dict[str, Any] = {"a": 3, "b": -2, "t": "x", "yes": True, "l": [1, 2, 3], "m": {"k": 5}}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a.b", "a . b"),
        ("a + 1 - b", '_calculate_ ( "+ -" , a , 1 , b )'),
        ("-a * -1", '_calculate_ ( "*" , _negate_ ( 1 , a ) , - 1 )'),
        ("a - -9223372036854775808", '_calculate_ ( "-" , a , - 9223372036854775808 )'),
        ("a == 'x' || b <= 2.5", "a == 'x' || b <= 2.5"),
        ("a == b == c", '_compare_ ( "== ==" , a , b , c )'),
        ("a == 9007199254740993", '_compare_ ( "==" , a , 9007199254740993 )'),
        ("'x' in a && b in a", "'x' in a && _compare_ ( \"in\" , b , a )"),
        ("size(a[b - 1])", '_size_ ( a [ _calculate_ ( "-" , b , 1 ) ] )'),
        ("a.map(x, x + 1).size() + 1", '_calculate_ ( "+" , a . _loop0_ ( ) . _size_ ( ) , 1 )'),
        ("type(a) == int", "type ( a ) == int"),
        ("a.size", "a . size"),
    ],
)
def test_operators_and_functions_become_calls(source: str, expected: str) -> None:
    tokens = scan(source)
    assert rewritten(tokens, list(loops(tokens)), STAND_INS, TYPES) == expected


NUMBERS = ("context.a", "context.b", "7", "-4", "context.m.k", "context.l[1]", "size(context.l)")
TEXTS = ("context.t", "'x'", "'y' + context.t")
TRUTHS = ("context.yes", "true", "has(context.z)", "'k' in context.m")


def number(rng: Random, depth: int) -> str:
    """An expression of whole numbers, with few brackets."""
    if depth == 0 or rng.random() < 0.2:
        return rng.choice(NUMBERS)
    one, other = number(rng, depth - 1), number(rng, depth - 1)
    return rng.choice(
        (
            *(f"{one} {sign} {other}" for sign in "+-*/%"),
            f"({one} - {other})",
            f"- ({one})",
            f"({truth(rng, depth - 1)} ? {one} : {other})",
            f"[{one}, {other}][0]",
        )
    )


def truth(rng: Random, depth: int) -> str:
    """A condition about them, and about texts."""
    if depth == 0:
        return rng.choice(TRUTHS)
    one, other = number(rng, depth - 1), number(rng, depth - 1)
    return rng.choice(
        (
            *(f"{one} {sign} {other}" for sign in ("==", "!=", "<", "<=", ">", ">=")),
            f"{rng.choice(TEXTS)} {rng.choice(('==', '!=', '<'))} {rng.choice(TEXTS)}",
            f"{one} in context.l + [{other}]",
            f"!({truth(rng, depth - 1)})",
            f"{truth(rng, depth - 1)} {rng.choice(('&&', '||'))} {truth(rng, depth - 1)}",
            f"({one} < {other}) == {rng.choice(TRUTHS)}",
            f"{{'k': {one}}}.k == {other}",
        )
    )


@settings(max_examples=600, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([number, truth]))
def test_an_expression_of_one_kind_of_number_gives_what_the_library_gives(seed: int, make: Any) -> None:
    source = make(Random(seed), 4)
    try:
        expression = compile_expression(source)
    except ExpressionError as error:
        assert "may have" in str(error) or "may be nested" in str(error) or "may take" in str(error)
        return
    try:
        expected: Any = cel.compile(source).execute(cel.Context({"context": CONTEXT}))
    except Exception:
        with pytest.raises(ExpressionError):
            expression.evaluate({"context": CONTEXT})
        return
    result = expression.evaluate({"context": CONTEXT})
    assert (result, type(result)) == (expected, type(expected))

"""Of several errors in an expression, its author is told the one that matters."""

from __future__ import annotations

from typing import Any

import pytest

from designer.errors import ExpressionError
from designer.expressions.expressions import compile_expression

CONTEXT: dict[str, Any] = {"name": "Ada", "total": 12, "rows": [{"n": 1}]}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("(sum(context.name) > 1 || true) && context.nope == context.total", "`context.nope`: no such key"),
        ("(context.rows.map(r, r.nope) == [] || true) && context.rows[9].n == 1", "index out of bounds"),
        ("(sum(context.name) > 1 || true) && avg(context.name) > 1", "'avg' needs a list"),
        ("(sum(context.name) > 1 || true) && duration(context.name) == duration('1h')", "duration"),
    ],
)
def test_an_error_that_did_not_matter_is_not_told_for_one_that_does(source: str, said: str) -> None:
    with pytest.raises(ExpressionError) as error:
        compile_expression(source).evaluate({"context": CONTEXT})
    assert said in str(error.value)
    assert "'sum'" not in str(error.value)

"""Values and refusals of expressions, for the tests of functions."""

from __future__ import annotations

from typing import Any

import pytest

from designer.errors import ExpressionError
from designer.expressions.expressions import compile_expression


def value(source: str, **context: Any) -> Any:
    return compile_expression(source).evaluate({"context": context})


def refusal(source: str, **context: Any) -> str:
    """The words with which an expression is refused, when it is compiled or when it is evaluated."""
    with pytest.raises(ExpressionError) as error:
        value(source, **context)
    return str(error.value)

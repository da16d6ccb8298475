"""What is wrong with the grammar of an expression, in words for people."""

from __future__ import annotations

import pytest

from designer.errors import ExpressionError
from designer.expressions.expressions import compile_expression


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("context.total >", "something is missing after the `>` at the end"),
        ("context.total >> 3", "there is a `>` too many at character 16"),
        ("context.a || || input.b", "there is a `||` too many at character 14"),
        ("> 3", "there is nothing before the `>` at character 1"),
        ("size(1,,2)", "something is missing between `,` and the `,` at character 8"),
        ("context.a[]", "this cannot be read from character"),
        ("context.total = 3", "write `==` for the `=` at character 15"),
        ("input.a & input.b", "write `&&` for the `&` at character 9"),
        ("input.a and input.b", "write `&&` for `and` at character 9"),
        ("input.a or input.b", "write `||` for `or` at character 9"),
        ("not input.a", "write `!` for `not` at character 1"),
        ("input.a input.b", "an operator is missing between `a` and the `input` at character 9"),
        ("input.a !input.b", "an operator is missing between `a` and the `!` at character 9"),
        ("context..a", "a name is missing after the `.` at character 8"),
        ("context.a.", "a name is missing after the `.` at character 10"),
        ("input.a ? 1", "the `?` at character 9 needs a `:` and what counts otherwise"),
        ("input.a ? 1 :", "something is missing after the `:` at the end"),
        ("input.a == 'x", "the text that begins at character 12 has no end: close it with '"),
        ("if + 1", "`if` is a word of the language and cannot be a name"),
        ("(context.total", "a `)` is missing at the end"),
        ("context.total)", "there is a `)` too many at character 14"),
        ("context.total # 1", "`#` at character 15 has no meaning"),
    ],
)
def test_the_refusal_names_the_place_and_what_is_wrong(source: str, said: str) -> None:
    with pytest.raises(ExpressionError) as error:
        compile_expression(source)
    assert said in str(error.value)

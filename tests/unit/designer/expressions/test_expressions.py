"""Expressions: what they give, what they say when they are wrong, and what they may cost."""

from __future__ import annotations

import time
import weakref
from contextlib import suppress
from typing import Any

import pytest

from designer.errors import ExpressionError, UnknownVariable
from designer.expressions.budget import SharedBudget
from designer.expressions.expressions import (
    bare,
    compile_expression,
    condition,
    expressions_in,
    is_expression,
    resolve,
)

SCOPE: dict[str, Any] = {
    "context": {
        "total": 12,
        "rate": 0.5,
        "name": "Ada",
        "rows": [{"n": 1, "ok": True}, {"n": 2, "ok": False}, {"n": 3, "ok": True}],
        "nothing": None,
        "huge": 2**70,
    },
    "input": {"x": [1, 2]},
    "steps": {"first": {"id": 7}},
    "run": {"id": "r-1", "workflow": "main"},
}


def value_of(source: str, **more: Any) -> Any:
    return compile_expression(source).evaluate({**SCOPE, **more})


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("context.total", 12),
        ("context.total + 1", 13),
        ('context.name + "!"', "Ada!"),
        ("context.rows[1].n", 2),
        ('context["name"]', "Ada"),
        ("steps.first.id", 7),
        ("context.nothing", None),
        ("context.huge", 2**70),
        ("context.rate < 1", True),
        ("has(context.nope) ? 1 : 2", 2),
        ("size(context.rows)", 3),
        ('"nope" in context', False),
        ("context.total > 5 || context.nope", True),
        ('context.name.matches("^A[a-z]+$")', True),
        ('timestamp("2026-01-31T09:00:00Z")', "2026-01-31T09:00:00Z"),
        ('duration("90m")', 5400),
        ('{"b": 1, "a": [1u, 2.5, null]}', {"a": [1, 2.5, None], "b": 1}),
        ("type(context.total) == int", True),
        ("context.rows.map(r, r.n)", [1, 2, 3]),
        ("context.rows.map(r, r.ok, r.n * 2)", [2, 6]),
        ("context.rows.filter(r, r.ok).map(r, r.n)", [1, 3]),
        ("size(context.rows.filter(r, r.n > context.total)) == 0", True),
        ("context.rows.all(r, r.n > 0) && context.rows.exists(r, r.n == 3)", True),
        ("context.rows.exists_one(r, r.ok)", False),
        ("context.rows.map(r, input.x.map(x, x * r.n))", [[1, 2], [2, 4], [3, 6]]),
        ("steps.first.map(key, key)", ["id"]),
        ("[].map(x, x)", []),
        ("false && context.rows.exists(r, r.nope)", False),
        ('"a // b" + r"\\d"', "a // b\\d"),
        ("context.total // a remark", 12),
    ],
)
def test_value(source: str, value: Any) -> None:
    assert value_of(source) == value


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "the expression is empty"),
        ("  ", "the expression is empty"),
        ("contxt.total", "'contxt' does not exist; did you mean 'context'?"),
        ("siz(context)", "there is no function 'siz'; did you mean 'size'?"),
        ("context._loop0_()", "there is no function '_loop0_'"),
        ("context.rows.map(r)", "there is no function 'map'"),
        ("context.rows.map(item, item.n)", "'item' cannot name the items of a loop"),
        ("[1].map(a, [2].map(b, [3].map(c, c)))", "loops may be nested 2 deep"),
        ("1" + " " * 2_000, "an expression may take 2000 characters, this one has 2001"),
        ("(" * 33 + "1" + ")" * 33, "brackets may be nested 32 deep"),
        ("1" + "+1" * 201, "an expression may have 200 operators, this one has 201"),
        ("[" + "input," * 201 + "1]", "an expression may have 200 names, this one has 201"),
        ('"\ud800"', "this is not an expression"),
    ],
)
def test_refused_when_compiled(source: str, said: str) -> None:
    with pytest.raises(ExpressionError) as error:
        compile_expression(source)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("context.nope", "`context.nope`: no such key"),
        ("context.nam", "did you mean 'name'?"),
        ("context.total.x", "`context.total` is 12 and has no 'x'"),
        ("context.nope + 1", "`context.nope`: no such key"),
        ('context["nope"]', "no such key 'nope'"),
        ("context.rows[9]", "index out of bounds"),
        ("1 / 0", "`1 / 0`: division by zero"),
        ("1.0 / 0.0", "the result is inf, which is not a number"),
        ('"a" + 1', "Unsupported operation: string + int"),
        ("9223372036854775807 + context.total", "overflow"),
        ("size(context.total)", "'size' cannot be used on these values"),
        ('"a".matches("(")', "is not a regular expression"),
        ('"a".matches("((a{100}){100}){100}")', "or it is too large"),
        ("context.total.map(x, x)", "'map' needs a list, not 12"),
        ("context.rows.filter(r, r.n)", "`r.n` gives 1, not true or false"),
        ("context.rows.map(r, r.nope)", "no such key"),
        ("{1: 2}", "1 cannot be a key: keys are texts"),
        ('b"bytes"', "bytes, which JSON does not have"),
        ("item", "'item' is not known here"),
        ("item.n + 1", "'item' is not known here"),
    ],
)
def test_refused_when_evaluated(source: str, said: str) -> None:
    with pytest.raises(ExpressionError) as error:
        value_of(source)
    assert said in str(error.value)


def test_names_that_do_not_exist_have_an_error_of_their_own() -> None:
    with pytest.raises(UnknownVariable):
        compile_expression("contxt")


def test_conditions_are_true_or_false() -> None:
    assert condition("context.total > 5", SCOPE) is True
    assert condition("context.total < 5", SCOPE) is False
    with pytest.raises(ExpressionError, match="gives 12, not true or false"):
        condition("context.total", SCOPE)
    with pytest.raises(ExpressionError, match="gives null, not true or false"):
        condition("context.nothing", SCOPE)


def test_expressions_within_values() -> None:
    params = {
        "a": "=context.total",
        "b": ["==context.total", {"c": "= input.x[0] + 1"}],
        "d": "plain",
    }
    assert resolve(params, SCOPE) == {"a": 12, "b": ["=context.total", {"c": 2}], "d": "plain"}
    assert list(expressions_in(params, "params")) == [
        ("params.a", "context.total"),
        ("params.b[1].c", " input.x[0] + 1"),
    ]
    assert [is_expression(text) for text in ("=x", "==x", "x", "", 5)] == [True, False, False, False, False]
    assert (bare("=context.x"), bare("context.x")) == ("context.x", "context.x")


def test_what_an_expression_reads() -> None:
    expression = compile_expression('steps.a.x + steps["b"].y + item.n + [1].map(q, q + index)[0]')
    assert expression.variables == {"steps", "item", "index"}
    assert expression.step_names == {"a", "b"}
    assert compile_expression("steps.a").step_names == {"a"}
    assert compile_expression("size(steps)").step_names == frozenset()


def test_the_same_text_is_compiled_once() -> None:
    assert compile_expression("context.once + 1") is compile_expression("context.once + 1")


class Untouchable(dict[str, Any]):
    """A context of which only some keys may be read."""

    def __init__(self, allowed: dict[str, Any]) -> None:
        super().__init__(allowed)
        self.read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)

    def __iter__(self) -> Any:
        raise AssertionError("the whole context was read")


@pytest.mark.parametrize("source", ["context.a", "context.a + 1", '[1].map(x, context["a"] + x)'])
def test_only_the_keys_that_are_mentioned_are_read(source: str) -> None:
    context = Untouchable({"a": 1, "b": "large"})
    compile_expression(source).evaluate({"context": context})
    assert context.read <= {"a"}


def seconds_of(source: str, scope: dict[str, Any]) -> float:
    expression = compile_expression(source)
    started = time.process_time()
    expression.evaluate(scope)
    return time.process_time() - started


@pytest.mark.parametrize(
    "source",
    [
        "context.rows.filter(r, r.n >= 0)",
        "context.rows.map(r, r.n + 1)",
        'context.rows.map(r, {"n": r.n, "name": r.name})',
        "size(context.rows.filter(r, r.n > context.least)) > 1",
    ],
)
def test_loops_take_linear_time(source: str) -> None:
    def scope(count: int) -> dict[str, Any]:
        return {"context": {"least": 1, "rows": [{"n": n, "name": "x" * 20} for n in range(count)]}}

    small = min(seconds_of(source, scope(1_000)) for _ in range(3))
    large = min(seconds_of(source, scope(10_000)) for _ in range(2))
    assert large < 40 * small


@pytest.mark.parametrize(
    "source",
    [
        "context.rows.filter(r, context.rows.exists(s, s == r))",
        "context.rows.map(r, context.rows.map(s, s + r))",
        "context.rows.map(r, r in context.rows)",
        '["0123456789abcdef"]' + ".map(x, x + x + x + x + x + x + x + x)" * 15,
        "[[1]]" + ".map(x, [x, x, x, x, x, x, x, x])" * 15,
    ],
    ids=["nested filter", "nested map", "search in a loop", "growing text", "growing list"],
)
def test_bombs_are_refused_fast(source: str) -> None:
    started = time.process_time()
    with pytest.raises(ExpressionError, match="too much data"):
        compile_expression(source).evaluate({"context": {"rows": list(range(20_000))}})
    assert time.process_time() - started < 5


ROWS = [{"a": n, "b": f"text {n}", "c": {"x": 1.5}} for n in range(30_000)]
HEAVY: dict[str, tuple[str, Any]] = {
    "large program, large text": (r"context.x.matches('(\\pL{1,50}){1,20}$')", "ä" * 500_000),
    "nested repetition": (r"context.x.matches('(((a{1,30}){1,30}){1,30})$')", "a" * 1_000_000),
    "a pattern that grows with the text": ("context.x.matches(context.x)", "(a|b)*" * 5_000),
    "many searches": (" || ".join(["context.x.matches('[ab]{50}c')"] * 50), "ab" * 400_000),
    "a search for each row": (r"context.x.exists(r, r.b.matches('(\\w{1,30}){1,30}x'))", ROWS),
    "texts put together": ("size(" + " + ".join(["context.x"] * 90) + ") > 0", "x" * 1_000_000),
    "lists put together": ("size(" + " + ".join(["context.x"] * 90) + ") > 0", list(range(10_000))),
    "comparisons": (" && ".join(["context.x == context.x"] * 45), ROWS),
    "copies in a list": ("size([" + ", ".join(["context.x"] * 90) + "]) > 0", ROWS),
    "the whole context": (" && ".join(["size(context) > 0"] * 90), ROWS * 4),
    "membership": (" || ".join(["5 in context.x"] * 60), ["s"] * 300_000),
    "rows in rows": ("context.x.exists(r, context.x.exists(s, s.a == r.a + 1000000))", ROWS),
}


@pytest.mark.rule("R2.9")
@pytest.mark.parametrize(("source", "value"), HEAVY.values(), ids=HEAVY)
def test_an_evaluation_takes_seconds_at_most_or_is_refused(source: str, value: Any) -> None:
    compile_expression(source)
    started = time.process_time()
    with suppress(ExpressionError):
        compile_expression(source).evaluate({"context": {"x": value}})
    assert time.process_time() - started < 5


@pytest.mark.rule("R2.9")
@pytest.mark.parametrize(("source", "value"), HEAVY.values(), ids=HEAVY)
def test_evaluations_that_share_a_budget_are_bounded_however_many_they_are(source: str, value: Any) -> None:
    expression = compile_expression(source)
    started = time.process_time()
    with SharedBudget():
        for _ in range(300):
            with suppress(ExpressionError):
                expression.evaluate({"context": {"x": value}})
    assert time.process_time() - started < 15


@pytest.mark.rule("R2.9")
def test_one_that_is_refused_leaves_the_budget_to_the_others() -> None:
    with SharedBudget():
        for _ in range(3):
            with pytest.raises(ExpressionError, match="too much data"):
                compile_expression(HEAVY["comparisons"][0]).evaluate({"context": {"x": ROWS}})
        assert compile_expression("size(context.x) > 0").evaluate({"context": {"x": ROWS}}) is True


@pytest.mark.rule("R2.9")
def test_what_is_usual_is_far_from_the_limit() -> None:
    """A dozen conditions about an output of a megabyte, or a thousand about a small one, are one event's."""
    scope = {"context": {"rows": ROWS, "n": 1}}
    with SharedBudget():
        for number in range(12):
            compile_expression(f"size(context.rows) > {number} && context.n == 1").evaluate(scope)
    with SharedBudget():
        for number in range(1_000):
            compile_expression(f"context.n == {number} || context.n + 1 > {number}").evaluate(scope)


class Rows(list[Any]):
    """A list that can be referred to weakly."""


@pytest.mark.parametrize(
    "source",
    [
        "size(context.x)",
        "context.x.map(x, x + 1)",
        "context.x.exists(x, string(x).matches('^9'))",
        "context.nope.map(x, x)",
        "date_add(timestamp(0), size(context.x), 'moons')",
        "context.x.map(n, lower(n))",
        "context.x.map(n, [n].map(m, date_add(timestamp(m), 1, 'moons')))",
    ],
)
def test_nothing_of_the_data_is_kept_after_an_evaluation(source: str) -> None:
    rows = Rows(range(10))
    kept = weakref.ref(rows)
    with SharedBudget():
        for _ in range(2):
            with suppress(ExpressionError):
                compile_expression(source).evaluate({"context": {"x": rows}})
    with suppress(ExpressionError):
        compile_expression(source).evaluate({"context": {"x": rows}})
    del rows
    assert kept() is None, "a circle: garbage collection is not to be waited for, nor sees the library's part"


def test_a_copy_of_the_data_is_not_taken_for_that_of_other_data() -> None:
    first, second = {"context": {"a": 1, "b": 5}}, {"context": {"a": 2, "b": 6}}
    sources = (
        "context.a + 0",
        "context.b + 0",
        "context.a + context.b",
        "size(context)",
        "[context.a].map(x, x)",
    )
    with SharedBudget():
        shared = [
            compile_expression(source).evaluate(scope)
            for source in sources
            for scope in (first, second, first)
        ]
    alone = [
        compile_expression(source).evaluate(scope) for source in sources for scope in (first, second, first)
    ]
    assert shared == alone


@pytest.mark.parametrize(
    ("text", "pattern", "is_found"),
    [
        ("order-17", "^order-[0-9]+$", True),
        ("an order-17", "^order", False),
        ("Größe", "(?i)GRÖSSE|größe", True),
        ("a\nb", "^b", False),
        ("a\nb", "(?m)^b", True),
        ("", "", True),
    ],
)
def test_matches_looks_for_a_regular_expression_anywhere_in_a_text(text, pattern, is_found) -> None:
    scope = {"context": {"text": text, "pattern": pattern}}
    for source in (
        "context.text.matches(context.pattern)",
        "matches(context.text, context.pattern)",
        "[context.text].exists(t, t.matches(context.pattern))",
        "context.text.matches(context.pattern) && context.matches.matches('x')",
    ):
        scope["context"]["matches"] = "x"  # a key of that name is no call
        assert compile_expression(source).evaluate(scope) is is_found


@pytest.mark.parametrize(
    "source", ["context.n.matches('a')", "context.t.matches(context.n)", "context.t.matches('(')"]
)
def test_matches_says_what_it_cannot_look_for(source: str) -> None:
    with pytest.raises(ExpressionError, match="matches"):
        compile_expression(source).evaluate({"context": {"n": 1, "t": "a"}})


def test_errors_within_loops_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ExpressionError):
        value_of("context.rows.map(r, r.nope)")
    assert not caplog.records

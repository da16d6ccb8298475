"""Paths, intrinsic functions, rules and JSONata: the expression for each."""

from __future__ import annotations

from typing import Any

import pytest

from designer.expressions.expressions import compile_expression
from designer.formats.asl.expressions.cel import Cel, as_cel, object_of, written
from designer.formats.asl.expressions.choices import condition, leftover
from designer.formats.asl.expressions.intrinsics import read_intrinsic
from designer.formats.asl.expressions.jsonata import read_jsonata
from designer.formats.asl.expressions.paths import is_present, placed, read_path, reference_keys
from designer.formats.asl.expressions.scope import Scope, Untranslatable

SCOPE = Scope(
    Cel("context.data"),
    {"Execution.Id": Cel("run.id"), "Execution.Input": Cel("input"), "Variables.n": Cel("context.n")},
    {"input": Cel("context.data"), "result": object_of({"Payload": Cel("context.work_result")})},
)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("$", "context.data"),
        ("$.a.b", "context.data.a.b"),
        ("$['a b'].c", 'context.data["a b"].c'),
        ('$.a["b"]', "context.data.a.b"),
        ("$.a-b", 'context.data["a-b"]'),
        ("$.for.in", 'context.data["for"]["in"]'),
        ("$.a[0].b", "context.data.a[0].b"),
        ("$.[0].a", "context.data[0].a"),
        ("$.a[-1]", "last(context.data.a)"),
        ("$.a[(@.length-1)].b", "last(context.data.a).b"),
        ("$.a[1:]", "range(1, size(context.data.a) - 1).map(place, context.data.a[place])"),
        ("$.a[:2]", "range(0, min(2, size(context.data.a)) - 1).map(place, context.data.a[place])"),
        ("$.a[*]", "context.data.a"),
        ("$.a[*].b.c", "context.data.a.map(each, each.b.c)"),
        ("$.a[*].b[0]", "context.data.a.map(each, each.b)[0]"),
        ("$.a[?(@.b == 1)]", "context.data.a.filter(each, each.b == 1)"),
        ("$.a[?(@.b=='x')].c", 'context.data.a.filter(each, each.b == "x").map(each, each.c)'),
        ("$.a[?(@.b == $.c)]", "context.data.a.filter(each, each.b == context.data.c)"),
        ("$.a[?(@.b)]", "context.data.a.filter(each, has(each.b))"),
        ("$$.Execution.Id", "run.id"),
        ("$$.Execution.Input.a", "input.a"),
        ("$$.Execution.Input['a b'][0]", 'input["a b"][0]'),
    ],
)
def test_paths(path: str, source: str) -> None:
    assert str(as_cel(read_path(path, SCOPE))) == source


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "$..a",
        "$.a[0,1]",
        "$$.Unknown",
        "$.a[*].b[*]",
        "$.a[?(@.b =~ /x/)]",
        "$" + "x" * 1001,
    ],
)
def test_paths_without_a_counterpart(path: str) -> None:
    with pytest.raises(Untranslatable):
        read_path(path, SCOPE)


@pytest.mark.parametrize("path", ["$.a[1:][0:2]", "$.a[1:][*].b", "$.a[1:][?(@.b == $.c)]"])
def test_loops_within_loops_have_names_of_their_own(path: str) -> None:
    compile_expression(str(read_path(path, SCOPE)), frozenset({"context"}))


def test_a_field_of_what_is_written_out_is_read_without_it() -> None:
    scope = SCOPE.on({"a": Cel("x"), "b": [1, {"c": Cel("y")}]})
    assert read_path("$.a.k", scope) == Cel("x.k")
    assert read_path("$.b[1].c", scope) == Cel("y")


@pytest.mark.parametrize(
    ("path", "keys"), [("$", []), ("$.a.b", ["a", "b"]), ("$['a b']", ["a b"]), ("$.a[0]", None), (5, None)]
)
def test_reference_paths(path: Any, keys: Any) -> None:
    assert reference_keys(path) == keys


def test_a_result_is_placed_in_what_is_there() -> None:
    assert str(placed(Cel("d"), ["a"], Cel("r"))) == 'merge(d, {"a": r})'
    assert str(placed(Cel("d"), ["a", "b"], Cel("r"))) == 'merge(d, {"a": merge(get(d, "a", {}), {"b": r})})'
    assert placed({"x": 1}, ["a"], Cel("r")) == {"x": 1, "a": Cel("r")}
    assert placed(Cel("d"), [], Cel("r")) == Cel("r")


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("$.a", "has(context.data.a)"),
        ("$.a.b", "has(context.data.a) && has(context.data.a.b)"),
        ("$.a[0].b", "has(context.data.a) && size(context.data.a) > 0 && has(context.data.a[0].b)"),
        ("$['a b']", '"a b" in context.data'),
        ("$$.Execution.Id", "true"),
    ],
)
def test_is_present_needs_nothing_on_the_way(path: str, source: str) -> None:
    assert str(is_present(path, SCOPE)) == source


@pytest.mark.parametrize(
    ("source", "cel"),
    [
        ("States.Format('{} of {}', $.a, 7)", 'string(context.data.a) + " of " + string(7)'),
        (r"States.Format('it\'s \{{}\}', $.a)", '"it\'s {" + string(context.data.a) + "}"'),
        ("States.Format('plain')", '"plain"'),
        ("States.StringToJson($.a)", "from_json(context.data.a)"),
        ("States.JsonToString($)", "to_json(context.data)"),
        ("States.Array(1, 'a', true, null, $.b)", '[1, "a", true, null, context.data.b]'),
        ("States.Array()", "[]"),
        ("States.ArrayPartition($.a, 4)", "chunk(context.data.a, 4)"),
        ("States.ArrayContains($.a, 'x')", '"x" in context.data.a'),
        ("States.ArrayRange(1, 9, 2)", "range(1, 9, 2)"),
        ("States.ArrayGetItem(States.StringSplit($.a, '/'), 2)", 'split(context.data.a, "/")[2]'),
        ("States.ArrayLength($.a)", "size(context.data.a)"),
        ("States.ArrayUnique($.a)", "distinct(context.data.a)"),
        ("States.Base64Encode($.a)", "base64(context.data.a)"),
        ("States.Base64Decode($.a)", "base64_decode(context.data.a)"),
        ("States.Hash($.a, 'SHA-256')", "sha256(context.data.a)"),
        ("States.JsonMerge($.a, $.b, false)", "merge(context.data.a, context.data.b)"),
        ("States.MathAdd($.a, -1)", "context.data.a + (-1)"),
        ("States.UUID()", 'run.id + "-" + string(now())'),
    ],
)
def test_intrinsic_functions(source: str, cel: str) -> None:
    assert str(as_cel(read_intrinsic(source, SCOPE))) == cel


@pytest.mark.parametrize(
    "source",
    [
        "States.MathRandom(1, 9)",
        "States.Hash($.a, 'MD5')",
        "States.JsonMerge($.a, $.b, true)",
        "States.Format('{} {}', 1)",
        "States.ArrayLength()",
        "States.Array(1",
        "States.Array(1) more",
        "States.Array(" * 20,
        "States.Nothing()",
    ],
)
def test_intrinsic_functions_without_a_counterpart(source: str) -> None:
    with pytest.raises(Untranslatable):
        read_intrinsic(source, SCOPE)


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        ({"Variable": "$.a", "StringEquals": 'x"'}, 'context.data.a == "x\\""'),
        ({"Variable": "$.a", "NumericLessThanEquals": 1.5}, "context.data.a <= 1.5"),
        ({"Variable": "$.a", "NumericEqualsPath": "$.b"}, "context.data.a == context.data.b"),
        ({"Variable": "$.a", "BooleanEquals": True}, "context.data.a == true"),
        (
            {"Variable": "$.a", "TimestampGreaterThan": "2030-01-01T00:00:00Z"},
            'timestamp(context.data.a) > timestamp("2030-01-01T00:00:00Z")',
        ),
        (
            {"Variable": "$.a", "StringMatches": r"log-*.t\*t"},
            'context.data.a.matches("^log-.*\\\\.t\\\\*t$")',
        ),
        ({"Variable": "$.a", "IsPresent": False}, "!has(context.data.a)"),
        ({"Variable": "$.a", "IsNull": True}, "context.data.a == null"),
        ({"Variable": "$.a", "IsString": True}, "type(context.data.a) == string"),
        (
            {
                "And": [
                    {"Variable": "$.a", "IsPresent": True},
                    {"Not": {"Variable": "$.a", "NumericEquals": 1}},
                ]
            },
            "has(context.data.a) && (!(context.data.a == 1))",
        ),
        (
            {"Or": [{"Variable": "$.a", "NumericEquals": 1}, {"Variable": "$.a", "NumericEquals": 2}]},
            "(context.data.a == 1) || (context.data.a == 2)",
        ),
        (
            {"Condition": "{% $states.input.a = 'x' and $n > 3 %}"},
            '(context.data.a == "x") && (context.n > 3)',
        ),
    ],
)
def test_rules(rule: dict[str, Any], source: str) -> None:
    assert condition(rule, SCOPE).source == source
    assert leftover(rule) == []


def test_a_rule_says_what_it_leaves_out() -> None:
    assert leftover({"Variable": "$.a", "StringEquals": "x", "IsNull": True}) == [
        "IsNull of a rule is left out"
    ]
    with pytest.raises(Untranslatable):
        condition({"Variable": "$.a", "StringSoundsLike": "x"}, SCOPE)


@pytest.mark.parametrize(
    ("source", "cel"),
    [
        ("$states.input", "context.data"),
        ("$states.input.a.`b c`[0]", 'context.data.a["b c"][0]'),
        ("$states.input.a[-1]", "last(context.data.a)"),
        ("$states.result.Payload.x", "context.work_result.x"),
        ("$states.context.Execution.Id", "run.id"),
        ("$n + 1", "context.n + 1"),
        ("$n * (2 + 3)", "context.n * (2 + 3)"),
        ("1 + 2 * 3", "1 + (2 * 3)"),
        ("'a' & $n & 'b'", '"a" + string(context.n) + "b"'),
        ("$n > 1 ? 'x' : 'y'", '(context.n > 1) ? "x" : "y"'),
        ("$n = 1 and $not($n in [1, 2])", "(context.n == 1) && (!(context.n in [1, 2]))"),
        ("{'a': $n, 'b': [1, true]}", '{"a": context.n, "b": [1, true]}'),
        ("$merge([$states.input, {'a': 1}])", 'merge(context.data, {"a": 1})'),
        ("$count($states.input.a)", "size(context.data.a)"),
        ("$exists($states.input.a)", "has(context.data.a)"),
        ("$uppercase($string($n))", "upper(string(context.n))"),
        ("[$map($n, function($x) { $x + 1 })]", "context.n.map(x, x + 1)"),
        ("$contains($n, /^a\\/b$/)", 'context.n.matches("^a/b$")'),
        ("$append([1], [$n])", "[1, context.n]"),
        ("[$n, 1][0]", "context.n"),
        ("$replace($n, '\"', '')", 'replace(context.n, "\\"", "")'),
    ],
)
def test_jsonata(source: str, cel: str) -> None:
    assert str(as_cel(read_jsonata("{% " + source + " %}", SCOPE))) == cel


@pytest.mark.parametrize(
    "source",
    [
        "$states.input.a[b = 1]",
        "a.b",
        "$unknown",
        "$states.errorOutput",
        "$n ~> $sum",
        "(1",
        "1 2",
        "$n{a: b}",
        "(" * 50 + "1" + ")" * 50,
        "'é' ⊕ 1",
        "",
    ],
)
def test_jsonata_without_a_counterpart(source: str) -> None:
    with pytest.raises(Untranslatable):
        read_jsonata("{% " + source + " %}", SCOPE)


def test_values_are_written_as_documents_state_them() -> None:
    value = {"a": Cel("context.x"), "b": "=not an expression", "c": [1, Cel("y")]}
    assert written(value) == {"a": "=context.x", "b": "==not an expression", "c": [1, "=y"]}

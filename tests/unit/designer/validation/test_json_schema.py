"""Input schemas: as the standard says, but nothing in them can take long."""

from __future__ import annotations

import time
from typing import Any

import pytest

from config.lib.patterns import BadPattern, TooMuchToSearch, compile_pattern, matches, work_of
from designer.validation.json_schema import SchemaValidator, check_schema, misfits, violations


def paths(schema: dict[str, Any], value: Any) -> list[str]:
    return [misfit.path for misfit in misfits(SchemaValidator(schema), value, "input")]


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "object", "required": ["a"]}, {}, ["input"]),
        ({"properties": {"a": {"type": "integer"}}}, {"a": "x"}, ["input.a"]),
        ({"properties": {"a": {"items": {"minimum": 3}}}}, {"a": [5, 1]}, ["input.a[1]"]),
        ({"properties": {"a": {"pattern": "^a+$"}}}, {"a": "b"}, ["input.a"]),
        ({"properties": {"a": {"pattern": "^a+$"}}}, {"a": 5}, []),
        ({"patternProperties": {"^x_": {"type": "integer"}}}, {"x_a": "s", "y": "s"}, ["input.x_a"]),
        (
            {"properties": {"a": {}}, "patternProperties": {"^x_": {}}, "additionalProperties": False},
            {"a": 1, "x_1": 1, "b": 1},
            ["input"],
        ),
        ({"additionalProperties": {"type": "string"}}, {"a": 1}, ["input.a"]),
        ({"properties": {"a": {"uniqueItems": True}}}, {"a": [{"x": 1}, {"x": 1}]}, ["input.a"]),
        ({"properties": {"a": {"uniqueItems": True}}}, {"a": [{"x": 1}, {"x": 2}, 1, True]}, []),
        ({"$ref": "#/$defs/o", "$defs": {"o": {"required": ["a"]}}}, {}, ["input"]),
        (
            {"properties": {"a/b": {"$ref": "#/$defs/x~1y"}}, "$defs": {"x/y": {"const": 1}}},
            {"a/b": 2},
            ["input.a/b"],
        ),
    ],
)
def test_misfits(schema: dict[str, Any], value: Any, expected: list[str]) -> None:
    assert check_schema(schema, "input_schema") == []
    assert paths(schema, value) == expected


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ({"type": "objekt"}, "input_schema.type"),
        ({"properties": []}, "input_schema.properties"),
        ({"$ref": "other.json"}, "input_schema.$ref"),
        ({"$ref": "#/$defs/no"}, "input_schema.$ref"),
        ({"properties": {"a": {"$ref": "#"}}}, None),
        ({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}, None),
        ({"$id": "https://example.com/x"}, "input_schema.$id"),
        ({"unevaluatedProperties": False}, "input_schema.unevaluatedProperties"),
        ({"pattern": "(?=x)"}, "input_schema.pattern"),
        ({"patternProperties": {"[": {}}}, "input_schema.patternProperties"),
        ({"pattern": "x" * 501}, "input_schema.pattern"),
        ({"properties": {f"p{n}": {} for n in range(6_000)}}, "input_schema"),
    ],
)
def test_schemas_that_cannot_be_used(schema: dict[str, Any], path: str | None) -> None:
    [problem] = check_schema(schema, "input_schema")
    assert problem.code == "bad_input_schema"
    assert path is None or problem.path == path


def test_words_of_schemas_may_name_properties() -> None:
    schema = {
        "properties": {"$id": {"type": "string"}, "$ref": {"type": "string"}, "pattern": {"type": "string"}}
    }
    assert check_schema(schema, "input_schema") == []
    assert check_schema({"properties": {"a": {"enum": [{"$ref": "x"}]}}}, "input_schema") == []


def test_of_parts_with_expressions_only_the_keys_are_judged() -> None:
    schema = {
        "type": "object",
        "required": ["a"],
        "additionalProperties": False,
        "properties": {"a": {"type": "integer"}, "b": {"type": "array", "items": {"type": "integer"}}},
    }
    assert paths(schema, {"a": "=context.a", "b": ["=context.b", 1]}) == []
    assert sorted(paths(schema, {"b": ["=context.b", "x"], "c": "=context.c"})) == [
        "input",
        "input",
        "input.b[1]",
    ]


def test_a_pattern_takes_linear_time() -> None:
    schema = {"properties": {"a": {"pattern": "^(a+)+$"}}}
    started = time.process_time()
    assert paths(schema, {"a": "a" * 100_000 + "b"}) == ["input.a"]
    assert time.process_time() - started < 2


def test_many_items_are_compared_fast() -> None:
    started = time.process_time()
    assert paths({"properties": {"a": {"uniqueItems": True}}}, {"a": [{"n": n} for n in range(20_000)]}) == []
    assert time.process_time() - started < 2


def test_messages_stay_short() -> None:
    [misfit] = misfits(SchemaValidator({"type": "string"}), {"x": "y" * 100_000}, "input")
    assert len(misfit.message) <= 300


# --- cost ---


HOSTILE: dict[str, tuple[dict[str, Any], Any]] = {
    "a long text for a costly pattern": ({"pattern": "[ab]*a[ab]{400}c"}, "ab" * 500_000),
    "many patterns": (
        {"allOf": [{"pattern": f"[ab]*a[ab]{{{n}}}c"} for n in range(100, 400)]},
        "abb" * 30_000,
    ),
    "many keys and many patterns": (
        {"patternProperties": {f"^a{{{n}}}b": {} for n in range(1, 400)}, "additionalProperties": {}},
        {f"{'a' * 50}{n}": n for n in range(20_000)},
    ),
    "a long list and a long enum": ({"items": {"enum": [[n] for n in range(4_000)]}}, [[-1]] * 50_000),
    "branches": (
        {"items": {"anyOf": [{"properties": {f"k{n}": {"type": "null"}}} for n in range(900)]}},
        [{f"k{n}": 1 for n in range(900)}] * 500,
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_check_that_would_take_long_ends_and_says_so(name: str) -> None:
    schema, value = HOSTILE[name]
    assert check_schema(schema, "s") == []
    *_, last = violations(SchemaValidator(schema), value, 1_000_000)
    assert last.message == "The value takes too long to check against this schema."


def test_a_large_usual_input_is_checked_as_a_whole() -> None:
    schema = {
        "items": {"type": "object", "properties": {"sku": {"type": "string", "pattern": "^[A-Z0-9-]{1,40}$"}}}
    }
    lines = [{"sku": f"A-{n}", "count": n} for n in range(30_000)]
    assert violations(SchemaValidator(schema), lines, 10) == []
    assert len(violations(SchemaValidator(schema), [*lines, {"sku": "?"}], 10)) == 1


@pytest.mark.parametrize("length", [1_000, 10_000, 100_000])
def test_a_pattern_is_searched_in_linear_work(length: int) -> None:
    assert work_of("(a+)+$", "a" * length) <= 20 * (length + 1)
    assert not matches("(a+)+$", "a" * length + "b") and matches("(a+)+$", "a" * length)


def test_patterns_are_compiled_once_and_bounded() -> None:
    assert compile_pattern("^[a-z]+$") is compile_pattern("^[a-z]+$")
    for pattern in ("(a", "(?=a)", "a" * 501, r"\pL{1,100}", "(a{1,100}){1,100}", "\udc00"):
        with pytest.raises(BadPattern):
            compile_pattern(pattern)
    assert matches("^é.$", "éx") and not matches("^a$", "b")
    with pytest.raises(TooMuchToSearch, match="too long for this pattern"):
        matches("[ab]*a[ab]{500}c", "ab" * 100_000)

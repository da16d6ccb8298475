"""The functions of expressions: what they give, and what they say where they cannot (R2.14, R2.15)."""

from __future__ import annotations

import base64
import hashlib
import json
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.errors import ExpressionError
from designer.expressions.functions.arithmetic import equal
from designer.expressions.functions.catalog import CATALOG
from designer.expressions.functions.signatures import Function
from tests.unit.designer.expressions.functions.helpers import refusal, value

pytestmark = pytest.mark.rule("R2.15")
ROWS = [{"n": 2, "at": {"x": "b"}}, {"n": 1.5, "at": {"x": "a"}}, {"n": 2.0, "at": {"x": "c"}}]
CONTEXT: dict[str, Any] = {"rows": ROWS, "none": None, "text": "Größe", "big": 2**53 + 1, "max": 2**63 - 1}

TEXTS = [
    ("context.text.substring(2)", "öße"),
    ("substring('abc', 1, 9)", "bc"),
    ("substring('abc', 5)", ""),
    ("substring('👍🏽b', 2, 3)", "b"),
    ("index_of(context.text, 'ß')", 3),
    ("'abc'.index_of('x')", -1),
    ("contains('abc', 'b') && 'abc'.contains('') && !'abc'.contains('d')", True),
    ("contains([1, 2.0], 2) && [1].contains('1') == false", True),
    ("{'a': 1}.contains('a') && !contains({'a': 1}, 1)", True),
    ("split('', ',')", [""]),
    ("'a, b'.split(', ')", ["a", "b"]),
    ("split('öß', '')", ["ö", "ß"]),
    ("['a', 1, 2.5, true, null].join()", "a12.5truenull"),
    ("join([], ',')", ""),
    ("replace('aaa', 'a', 'ab')", "ababab"),
    ("upper('ß') + lower('ΑΣ')", "SSας"),
    ("trim('\\n a\\u00a0')", "a"),
    ("format('{}: {} {}', 'a', [1, {'b': 2.0}], null)", 'a: [1,{"b":2.0}] null'),
    ("format('none')", "none"),
    ("'{}%'.format(5)", "5%"),
    ("format_number(1234567)", "1,234,567"),
    ("format_number(-1234.5)", "-1,234.5"),
    ("format_number(2.0)", "2"),
    ("format_number(2.675, 2)", "2.68"),
    ("format_number(0.125, 2) + ' ' + format_number(-0.125, 2)", "0.13 -0.13"),
    ("format_number(-0.001, 2)", "0.00"),
    ("format_number(1234.5, 2, ',')", "1234,50"),
    ("format_number(1234567.891, 1, '’.')", "1’234’567.9"),
    ("format_number(9223372036854775807, 2)", "9,223,372,036,854,775,807.00"),
    ("format_number(1e22, 0, '.')", "10000000000000000000000"),
    ("format_number(1e-7)", "0.0000001"),
    ("size(format_number(1.7976931348623157e308, 20))", 432),
    ("base64(b'\\xff') + base64('')", "/w=="),
    ("base64_decode(base64(context.text))", "Größe"),
    ("sha256('')", hashlib.sha256().hexdigest()),
]
LISTS = [
    ("sum([])", 0),
    ("sum([1, 2])", 3),
    ("sum([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])", 1.0),
    ("sum([context.big, -1.0, 1])", float(2**53 + 1)),
    ("sum(context.rows.map(r, r.n))", 5.5),
    ("avg([1, 2, 3])", 2.0),
    ("avg([9223372036854775807, 9223372036854775807])", float(2**63)),
    ("min([2, 1.5]) + max(1, 2, 3)", 4.5),
    ("max('a', 'b') + min(['b', 'a'])", "ba"),
    ("max(timestamp(0), timestamp(1)).getSeconds()", 1),
    ("max([context.big, 9007199254740992.0])", 2**53 + 1),
    ("sort([3, 1.5, 2])", [1.5, 2, 3]),
    ("['b', 'a', 'B'].sort()", ["B", "a", "b"]),
    ("sort([])", []),
    ("sort(context.rows, 'n').map(r, r.at.x)", ["a", "b", "c"]),
    ("sort(context.rows, 'at.x').map(r, r.n)", [1.5, 2, 2.0]),
    ("reverse([1, 2])", [2, 1]),
    ("distinct([1, 1.0, true, '1', [1], [1.0], null, null])", [1, True, "1", [1], None]),
    ("distinct([{'a': [1], 'b': 2}, {'b': 2.0, 'a': [1.0]}])", [{"a": [1], "b": 2}]),
    ("distinct([context.big, 9007199254740992.0])", [2**53 + 1, 2.0**53]),
    ("flatten([[1], [], 2, [[3]]])", [1, 2, [3]]),
    ("first(context.rows).n + last([1, 2])", 4),
    ("index_of([1, {'a': [2.0]}], {'a': [2]})", 1),
    ("range(1, 3)", [1, 2, 3]),
    ("range(5, 1, -2)", [5, 3, 1]),
    ("range(1, 0) + range(0, 1, -1)", []),
    ("range(0.0, 6, 4)", [0, 4]),
    ("chunk([1, 2, 3], 2)", [[1, 2], [3]]),
    ("chunk([], 2)", []),
    ("range(1, 4).filter(n, n % 2 == 0).map(n, n * 0.5)", [1.0, 2.0]),
]
OBJECTS = [
    ("get(context, 'rows.1.at.x', '?')", "a"),
    ("get(context, 'rows.9.n', 0)", 0),
    ("get(context, 'rows.x')", None),
    ("context.get('none', 1)", None),
    ("get(context.none, 'a.b', [])", []),
    ("get({'a': 'text'}, 'a.b', 1)", 1),
    ("merge({'a': {'x': 1}}, {'b': 1}, {'a': 2})", {"a": 2, "b": 1}),
    ("merge({})", {}),
    ("to_json({'b': [1, 2.0, 'ü'], 'a': null})", '{"a":null,"b":[1,2.0,"ü"]}'),
    ("to_json(timestamp(0))", '"1970-01-01T00:00:00Z"'),
    ("from_json('[9223372036854775807, 1.0, 1e2, null]')", [2**63 - 1, 1.0, 100.0, None]),
    ("from_json(to_json(context.rows))", ROWS),
    ('from_json(\'{"a": {"b": 2}}\').a.b * 1.5', 3.0),
]
TIMES = [
    ("date_add('2026-01-31T09:00:00Z', 1, 'months')", "2026-02-28T09:00:00Z"),
    ("date_add('2024-02-29T00:00:00Z', -1, 'year')", "2023-02-28T00:00:00Z"),
    ("date_add('2026-01-31T09:00:00Z', 1.5, 'hours')", "2026-01-31T10:30:00Z"),
    ("date_add('2026-03-28T12:00:00+01:00', 1, 'day')", "2026-03-29T11:00:00Z"),
    ("date_add('2026-03-28T12:00:00+01:00', 1, 'day', 'Europe/Vienna')", "2026-03-29T10:00:00Z"),
    ("timestamp(0).date_add(2, 'weeks').getDate()", 15),
    ("date_diff('2026-01-31T00:00:00Z', '2026-02-28T00:00:00Z', 'months')", 1),
    ("date_diff('2026-01-30T01:00:00Z', '2026-02-28T00:00:00Z', 'months')", 0),
    ("date_diff('2026-02-28T00:00:00Z', '2026-01-31T00:00:00Z', 'months')", 0),
    ("date_diff('2026-01-02T00:00:00Z', '2026-01-01T00:00:01Z', 'days')", 0),
    ("date_diff('2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z', 'days')", -1),
    ("date_diff('2026-03-28T12:00:00+01:00', '2026-03-29T12:00:00+02:00', 'days')", 0),
    ("date_diff('2026-03-28T12:00:00+01:00', '2026-03-29T12:00:00+02:00', 'days', 'Europe/Vienna')", 1),
    ("date_diff('2026-01-01T00:00:00Z', '2026-01-01T00:01:59Z', 'minute')", 1),
    ("date_diff('2020-02-29T00:00:00Z', '2026-02-28T00:00:00Z', 'years')", 6),
    ("format_time('2026-01-05T00:07:09.5Z', '%Y-%m-%d %H:%M:%S.%f')", "2026-01-05 00:07:09.500000"),
    ("format_time('2026-01-05T00:07:09Z', '%j %V %y %A %a %B %b')", "005 02 26 Monday Mon January Jan"),
    ("format_time('2026-01-05T00:07:09Z', '%I %p %z %%')", "12 AM +00:00 %"),
    ("format_time(timestamp(0), '%H:%M %z', 'Asia/Kathmandu')", "05:30 +05:30"),
    ("timestamp(0).format_time('ä')", "ä"),
]


@pytest.mark.parametrize(("source", "expected"), TEXTS, ids=lambda part: str(part)[:60])
@pytest.mark.rule("R2.14")
def test_texts(source: str, expected: Any) -> None:
    _check(source, expected)


@pytest.mark.parametrize(("source", "expected"), [*LISTS, *OBJECTS], ids=lambda part: str(part)[:60])
def test_lists_and_objects(source: str, expected: Any) -> None:
    _check(source, expected)


@pytest.mark.parametrize(("source", "expected"), TIMES, ids=lambda part: str(part)[:60])
@pytest.mark.rule("R2.14")
def test_times(source: str, expected: Any) -> None:
    _check(source, expected)


def _check(source: str, expected: Any) -> None:
    result = value(source, **CONTEXT)
    assert (result, type(result)) == (expected, type(expected))
    assert json.dumps(result, sort_keys=True) == json.dumps(expected, sort_keys=True)


REFUSALS = [
    ("split('a')", "'split' takes 2 arguments, not 1: split(text, separator)"),
    ("'a'.split(',', 1)", "'split' takes 2 arguments, not 3"),
    ("now(1)", "'now' takes 0 arguments, not 1: now()"),
    ("get(context)", "'get' takes 2 to 3 arguments, not 1: get(value, path[, default])"),
    ("split(5, ',')", "'split' needs a text as its first argument, not 5: split(text, separator)"),
    ("join(['a'], null)", "'join' needs a text as its second argument, not null"),
    ("join(['a', {}])", "item 1 is an object: write to_json(…) around it"),
    ("substring('abc', 1.5)", "needs a whole number as its second argument, not 1.5"),
    ("substring('abc', -1)", "a start of 0 or more"),
    ("replace('a', '', 'b')", "a text to look for that is not empty"),
    ("format('{} {}', 1)", "2 times {} for 1 values"),
    ("format_number('5')", "needs a number as its first argument, not '5'"),
    ("format_number(true)", "needs a number as its first argument, not true"),
    ("format_number(5, 21)", "0 to 20 decimals, not 21"),
    ("format_number(5, 2, '123')", "the signs of thousands and of decimals"),
    ("format_number(1.0 / 0.0)", "inf is not a number"),
    ("base64_decode('?')", "the Base64 of a text"),
    ("base64_decode('/w==')", "the Base64 of a text in UTF-8"),
    ("sha256(5)", "a text or bytes as its first argument"),
    ("sum([1, 'a'])", "'sum' needs a list of numbers; item 1 is 'a'"),
    ("sum([1, true])", "item 1 is true"),
    ("sum({'a': 1})", "needs a list as its first argument, not an object"),
    ("sum([context.max, 1])", "the sum is an overflow"),
    ("avg([])", "'avg' of an empty list is nothing"),
    ("max([])", "'max' of an empty list"),
    ("max()", "'max' takes 1 to 200 arguments, not 0: max(value[, more, …])"),
    ("first([])", "'first' of an empty list is nothing; ask for size"),
    (
        "sort([1, 'a'])",
        "needs numbers only, texts only or times only; item 0 is a int, item 1 is a string",
    ),
    ("sort([null, null])", "'sort' needs numbers only"),
    ("sort([[1], [2]])", "'sort' needs numbers only"),
    ("sort([{'n': 1}, {}], 'n')", "'sort': not every item has 'n'"),
    ("min(1, 'a')", "'min' needs numbers only"),
    ("index_of('abc', 1)", "looks for a text in a text, not for 1"),
    ("range(1, 2, 0)", "a step other than 0"),
    ("range(0, 9223372036854775807)", "too much data"),
    ("chunk([1], 0)", "a length of at least 1, not 0"),
    ("merge({}, [])", "needs an object as its second argument, not a list"),
    ("get(context, 'a" + ".a" * 100 + "')", "a path may have 200 characters"),
    ("from_json('{')", "'from_json': This is not valid JSON"),
    ("from_json('[9223372036854775808000]')", "no whole number of 64 bits"),
    ('from_json(\'{"a": 1, "a": 2}\')', "stands twice"),
    ("from_json('NaN')", "no JSON number"),
    ("to_json(0.0 / 0.0)", "not a number"),
    ("to_json(b'a')", "bytes, which JSON does not have"),
    ("date_add('yesterday', 1, 'days')", "no time with a zone"),
    ("date_add(5, 1, 'days')", "needs a time as its first argument, not 5"),
    ("date_add('2026-01-31T09:00:00Z', 1, 'fortnight')", "'fortnight' is no unit of time; there are seconds"),
    ("date_add('2026-01-31T09:00:00Z', 1.5, 'days')", "adds whole days, not 1.5"),
    ("date_add('2026-01-31T09:00:00Z', 9223372036854775807, 'years')", "outside the calendar"),
    ("date_add('2026-01-31T09:00:00Z', 8000, 'years')", "outside the calendar"),
    ("date_diff('2026-01-31T09:00:00Z', '2026-01-31T09:00:00Z', 'days', 'Nowhere')", "is no zone"),
    ("format_time('2026-01-31T09:00:00Z', '%Q')", "'%Q' means nothing in 'format_time'; there are %Y"),
    ("format_time('2026-01-31T09:00:00Z', '%')", "'%' means nothing"),
    ("format_time('2026-01-31T09:00:00Z', '" + "%A" * 101 + "')", "may have 200 characters"),
    ("now()", "the time is not known here"),
    ("uuid()", "there is no function 'uuid'"),
    ("random()", "there is no function 'random'"),
    ("uper('a')", "there is no function 'uper'; did you mean 'upper'?"),
    ("'a'.splitt(',')", "did you mean 'split'?"),
]


@pytest.mark.parametrize(("source", "said"), REFUSALS, ids=lambda part: str(part)[:60])
@pytest.mark.rule("R2.18")
def test_refusals_say_what_is_wrong(source: str, said: str) -> None:
    assert said in refusal(source, **CONTEXT)


ARGUMENTS = {
    "any": "context.rows[0]",
    "text": "'a'",
    "data": "'a'",
    "number": "1",
    "whole": "2",
    "list": "[2]",
    "sequence": "[2]",
    "group": "'a'",
    "object": "{'a': 1}",
    "time": "timestamp(0)",
    "unit": "'days'",
    "pattern": "'%Y'",
    "regex": "'a'",
}
WITH_ARGUMENTS = [one for one in CATALOG.values() if one.call and one.parameters]


@pytest.mark.parametrize("function", WITH_ARGUMENTS, ids=lambda one: one.name)
def test_each_function_can_be_written_as_a_method(function: Function) -> None:
    needed = [one for one in function.parameters if not one.is_optional]
    first, *others = [ARGUMENTS[one.kind] for one in needed]
    as_function = f"{function.name}({', '.join([first, *others])})"
    assert outcome(as_function) == outcome(f"{first}.{function.name}({', '.join(others)})")


def outcome(source: str) -> Any:
    try:
        return value(source, **CONTEXT)
    except ExpressionError as error:
        return str(error).partition("`: ")[2]


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
)
JSON = st.recursive(
    SCALARS,
    lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text("abc", max_size=2), part, max_size=3),
    max_leaves=12,
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(JSON)
def test_json_comes_back_as_it_went(part: Any) -> None:
    back = value("from_json(to_json(context.x))", x=part)
    assert json.dumps(back, sort_keys=True) == json.dumps(part, sort_keys=True)


@given(TEXT, st.text(min_size=1, max_size=3))
def test_what_is_split_can_be_joined_and_replaced(text: str, separator: str) -> None:
    if any("\ud800" <= sign <= "\udfff" for sign in separator):
        return
    assert value("split(context.x, context.y).join(context.y)", x=text, y=separator) == text
    replaced = value("replace(context.x, context.y, '')", x=text, y=separator)
    assert replaced == value("split(context.x, context.y).join()", x=text, y=separator)


@given(TEXT)
def test_texts_are_counted_in_characters_and_bytes_are_those_of_utf_8(text: str) -> None:
    assert value("size(split(context.x, ''))", x=text) == len(text)
    assert value("substring(context.x, 1)", x=text) == text[1:]
    assert value("base64(context.x)", x=text) == base64.b64encode(text.encode()).decode()
    assert value("sha256(context.x)", x=text) == hashlib.sha256(text.encode()).hexdigest()


@given(st.lists(st.integers(-(2**40), 2**40) | st.floats(-1e9, 1e9), min_size=1))
def test_sums_are_rounded_once(numbers: list[int | float]) -> None:
    exact = sum(map(Fraction, numbers))
    expected = float(exact) if any(isinstance(number, float) for number in numbers) else int(exact)
    assert value("sum(context.x)", x=numbers) == expected
    average = float(exact / len(numbers))
    assert value("avg(context.x)", x=numbers) == pytest.approx(average, rel=1e-15, abs=1e-12)
    assert value("[min(context.x), max(context.x)]", x=numbers) == [min(numbers), max(numbers)]
    ordered = value("sort(context.x)", x=numbers)
    assert all(one <= other for one, other in pairwise(ordered)) and sorted(ordered) == sorted(numbers)


@given(st.lists(JSON, max_size=12))
def test_distinct_keeps_the_first_of_what_is_equal(values: list[Any]) -> None:
    expected: list[Any] = []
    for one in values:
        if not any(equal(one, other) for other in expected):
            expected.append(one)
    result = value("distinct(context.x)", x=values)
    assert len(result) == len(expected) and all(map(equal, result, expected))


@given(st.integers(-(2**62), 2**62), st.integers(0, 20), st.integers(1, 6))
def test_a_formatted_number_says_the_number_rounded(whole: int, digits: int, places: int) -> None:
    shown = value("format_number(context.x, context.y)", x=whole, y=digits)
    assert Fraction(shown.replace(",", "")) == whole
    number = whole / 10**15
    shown = value("format_number(context.x, context.y, '.')", x=number, y=places)
    assert abs(Fraction(shown) - Fraction(repr(number))) * 2 <= Fraction(1, 10**places)
    assert len(shown.partition(".")[2]) == places


STARTS = st.datetimes().filter(lambda at: 1900 < at.year < 2100).map(lambda at: f"{at:%Y-%m-%dT%H:%M:%SZ}")
ZONES = st.sampled_from(["UTC", "Europe/Vienna", "America/New_York", "Pacific/Apia", "+05:45"])
UNITS = st.sampled_from(["seconds", "minutes", "hours", "days", "weeks", "months", "years"])


@given(STARTS, STARTS, UNITS, ZONES)
def test_a_difference_is_the_most_that_can_be_added(start: str, end: str, unit: str, zone: str) -> None:
    scope = {"s": start, "e": end, "u": unit, "z": zone}
    count = value("date_diff(context.s, context.e, context.u, context.z)", **scope)
    step = 1 if start <= end else -1
    added = "date_add(context.s, context.n, context.u, context.z)"
    reached, beyond = (value(added, **scope, n=count + more) for more in (0, step))
    assert (reached <= end < beyond) if step > 0 else (beyond < end <= reached)

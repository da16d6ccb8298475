"""The reader of JSON from outside: it returns what can be kept, and says where it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.lib.errors import NotSupported, Unreadable
from config.lib.json import json_text
from config.lib.json_reader import (
    LEVELS_MAX,
    BadJson,
    NotJson,
    check_json_type,
    fault_of,
    is_deeper,
    json_path,
    read_json,
)


def nested(levels: int, opening: str = "[", closing: str = "]") -> str:
    return opening * levels + closing * levels


REFUSED = {
    "twice": ('{"a": {"b": 1, "b": 2}}', "duplicate_key", "a"),
    "twice, escaped": ('{"a": 1, "\\u0061": 1}', "duplicate_key", ""),
    "twice in a list": ('[1, {"k": 1, "k": 1}]', "duplicate_key", "[1]"),
    "twice inside twice": ('{"a": {"b": {"c": 1, "c": 2}, "b": 1}}', "duplicate_key", "a"),
    "NaN": ('{"a": [1, NaN]}', "bad_number", "a[1]"),
    "Infinity": ("[Infinity]", "bad_number", "[0]"),
    "minus Infinity": ("-Infinity", "bad_number", ""),
    "overflow": ('{"a": 1e400}', "bad_number", "a"),
    "overflow below": ('{"a": -1e999}', "bad_number", "a"),
    "many digits and an exponent": ("[" + "9" * 290 + ".0e50]", "bad_number", "[0]"),
    "an exponent with zeros": ("[1e0000400]", "bad_number", "[0]"),
    "65 bits": ('{"a": {"b": 18446744073709551616}}', "bad_number", "a.b"),
    "65 bits below": ("[-9223372036854775809]", "bad_number", "[0]"),
    "many digits": ("9" * 100_000, "bad_number", ""),
    "NUL": ('{"a": "x\\u0000"}', "bad_text", "a"),
    "NUL in a key": ('{"a": {"x\\u0000": 1}}', "bad_text", "a"),
    "high surrogate": ('["\\ud83d"]', "bad_text", "[0]"),
    "low surrogate": ('["\\ude00 x"]', "bad_text", "[0]"),
    "65 lists": (nested(LEVELS_MAX + 1), "too_deep", "[0]" * LEVELS_MAX),
    "300 lists": (nested(300), "too_deep", "[0]" * LEVELS_MAX),
    "900 objects": ('{"a":' * 900 + "1" + "}" * 900, "too_deep", ".".join("a" * LEVELS_MAX)),
    "100,000 lists": (nested(100_000), "too_deep", ""),
    "100,000 open lists": ("[" * 100_000, "too_deep", ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_json_that_cannot_be_kept_is_refused_with_its_place(name: str) -> None:
    text, code, path = REFUSED[name]
    shown = path if len(path) <= 200 else path[:200] + "…"
    for body in (text, text.encode(), b"\xef\xbb\xbf" + text.encode()):
        with pytest.raises(BadJson) as refusal:
            read_json(body)
        assert (refusal.value.status, refusal.value.code) == (422, code)
        assert [(one["code"], one["path"]) for one in refusal.value.problems] == [(code, shown)]
        assert shown in str(refusal.value)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"{'a': 1}", b"[1,]", b"01", b'"\n"', b"\x00", b"\xff", "{}".encode("utf-16")]
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable) as refusal:
        read_json(body)
    assert not isinstance(refusal.value, BadJson)
    assert refusal.value.status == 400


def test_the_place_of_a_mistake_is_told() -> None:
    with pytest.raises(NotJson, match=r"line 2, column 8"):
        read_json('{\n"a": 1 "b"}')


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (nested(LEVELS_MAX), None),
        ("18446744073709551615", 2**64 - 1),
        ("-9223372036854775808", -(2**63)),
        ("1.7976931348623157e308", 1.7976931348623157e308),
        ('"\\ud83d\\ude00"', "😀"),
        ('{"": {"a": null}}', {"": {"a": None}}),
        ("\ufeff[1]", [1]),
    ],
)
def test_the_limits_themselves_are_read(text: str, value: Any) -> None:
    read = read_json(text)
    assert value is None or read == value
    assert read_json(text.encode()) == read


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=5),
    lambda parts: (
        st.lists(parts, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=()), max_size=3), parts, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
def test_each_value_is_read_as_it_is_or_refused_with_a_place_that_exists(value: Any) -> None:
    """Python's own JSON writes everything; the reader returns the same, or names the first fault."""
    text = json.dumps(value)
    found = fault_of(value)
    if found is None:
        assert read_json(text) == value
        assert json_text(value)
        return
    with pytest.raises(BadJson):
        read_json(text)
    place = value
    for key in found[1]:
        place = place[key]


@given(st.integers(1, 90), st.booleans())
def test_levels_are_counted_alike_in_texts_and_values(levels: int, in_objects: bool) -> None:
    text = '{"a":' * levels + "1" + "}" * levels if in_objects else nested(levels)
    assert is_deeper(json.loads(text), LEVELS_MAX) == (levels > LEVELS_MAX)
    assert (fault_of(json.loads(text)) is not None) == (levels > LEVELS_MAX)


@pytest.mark.parametrize(
    "kind",
    ["", "application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8", "text/json",
     "application/problem+json", 'application/json; charset="utf-8"'],
)  # fmt: skip
def test_json_types_are_taken(kind: str) -> None:
    check_json_type(kind)


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json",
     "text/html", "application/xml", "application/json; charset=utf-16", "application/jsonp"],
)  # fmt: skip
def test_other_types_are_refused(kind: str) -> None:
    with pytest.raises(NotSupported) as refusal:
        check_json_type(kind)
    assert refusal.value.status == 415


def test_a_place_reads_as_people_write_it() -> None:
    assert json_path(("rows", 3, "price")) == "rows[3].price"
    assert json_path((0, "a")) == "[0].a"
    assert json_path(("x\x00",)) == "x\ufffd"

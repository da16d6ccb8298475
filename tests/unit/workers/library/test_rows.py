"""Dirty rows made clean: dates, titles, numbers, schemas."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers import CriticalFailure
from workers.library.patterns.rows import export
from workers.library.patterns.rows.dates import iso_date
from workers.library.patterns.rows.normalise import BadRow, clean_row, columns_of
from workers.library.patterns.rows.schema import (
    ROW_SCHEMA,
    field_problems,
    is_json_schema,
    numeric_fields,
    reasons,
    validator_of,
)

NEXT_YEAR = datetime.now(UTC).year + 1


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("Nov 21 1990", "1990-11-21"),
        ("November 21, 1990", "1990-11-21"),
        ("Sept. 3rd, 1998", "1998-09-03"),
        ("Fri, 12 Jun 1998", "1998-06-12"),
        ("Tuesday 5 May 1998", "1998-05-05"),
        ("21 nov 1990", "1990-11-21"),
        ("12-Jun-98", "1998-06-12"),
        ("7-Aug-03", "2003-08-07"),
        (f"1-Jan-{NEXT_YEAR % 100:02d}", f"{NEXT_YEAR - 100}-01-01"),
        ("1990-11-21", "1990-11-21"),
        ("1990/11/21", "1990-11-21"),
        ("19901121", "1990-11-21"),
        ("11/21/1990", "1990-11-21"),
        ("05/06/2020", "2020-05-06"),
        ("21/11/1990", "1990-11-21"),
        ("21.11.1990", "1990-11-21"),
        ("11/21/90", "1990-11-21"),
        ("Feb 29 2000", "2000-02-29"),
        ("Nov 1990", "1990-11-01"),
        ("1990", "1990-01-01"),
        (1990, "1990-01-01"),
        ("1990-11-21T10:00:00Z", "1990-11-21T10:00:00+00:00"),
        ("1990-11-21 10:00:00", "1990-11-21T10:00:00"),
        (0, "1970-01-01T00:00:00+00:00"),
        (946684800, "2000-01-01T00:00:00+00:00"),
        (946684800000, "2000-01-01T00:00:00+00:00"),
        (" Nov  21 1990 ", "1990-11-21"),
    ],
)
def test_dates_are_read_in_many_shapes(written: Any, iso: str):
    assert iso_date(written) == iso


@pytest.mark.parametrize(
    "written",
    [
        "",
        "someday",
        "Feb 30 1990",
        "13/13/1990",
        "99",
        "0001-01-01",
        "9" * 100,
        None,
        True,
        [],
        {},
        1e300,
        -1e18,
    ],
)
def test_what_is_no_date_is_none(written: Any):
    assert iso_date(written) is None


@given(st.text() | st.integers() | st.floats())
def test_reading_dates_never_breaks(written: Any):
    found = iso_date(written)
    assert found is None or datetime.fromisoformat(found)


@given(st.dates(min_value=datetime(1900, 1, 1).date(), max_value=datetime(2199, 12, 31).date()))
def test_every_day_survives_the_shapes_films_are_dated_in(day: Any):
    for shape in ("%b %d %Y", "%d %B %Y", "%Y-%m-%d", "%m/%d/%Y"):
        assert iso_date(day.strftime(shape)) == day.isoformat()


def cleaned(row: dict[str, Any]) -> Any:
    return clean_row(row, columns_of([row], {"Gross"}))


@pytest.mark.parametrize(
    ("title", "text", "is_remarked"),
    [
        ("  The   Matrix ", "The Matrix", False),
        (300, "300", True),
        (9.5, "9.5", True),
        (True, "True", True),
        (None, "Untitled", True),
        ("  ", "Untitled", True),
        ("Unknown", "Unknown", False),
        ("None", "None", False),
    ],
)
def test_titles_become_text(title: Any, text: str, is_remarked: bool):
    clean = cleaned({"Title": title})
    assert clean.values["Title"] == text and ("Title" in clean.remarks) == is_remarked


def test_a_row_without_the_title_that_others_have_is_untitled():
    rows: list[dict[str, Any]] = [{"title": "A"}, {"year": 1}]
    clean = clean_row(rows[1], columns_of(rows, set()))
    assert clean.values == {"year": 1, "title": "Untitled"}


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("1,234", 1234),
        ("$1,234.50", 1234.5),
        ("1e3", 1000),
        ("n/a", None),
        ("", None),
        ("-5", -5),
        (7, 7),
        (None, None),
    ],
)
def test_numbers_are_read_from_text(value: Any, number: Any):
    clean = cleaned({"Gross": value}).values["Gross"]
    assert clean == number and type(clean) is type(number)


def test_other_texts_are_trimmed_and_the_rest_stays():
    row = {"a": "  x  y ", "b": "", "c": [" x "], "d": False, "e": "n/a"}
    assert cleaned(row).values == {"a": "x y", "b": None, "c": [" x "], "d": False, "e": "n/a"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"Release Date": "someday"}, "Release Date: can't read 'someday' as a date"),
        ({"date": {"y": 1}}, "date: can't read"),
        ({"Gross": "lots"}, "Gross: can't read 'lots' as a number"),
        ({"Gross": "9" * 200}, "Gross: can't read"),
        ({"Title": ["x"]}, "Title: can't read"),
    ],
)
def test_what_can_not_be_read_makes_a_bad_row_with_its_reason(row: dict[str, Any], reason: str):
    with pytest.raises(BadRow, match=reason):
        cleaned(row)


def test_a_date_in_the_future_is_remarked_on():
    assert "lies in the future" in cleaned({"Release Date": f"Jan 01 {NEXT_YEAR}"}).remarks["Release Date"]
    assert not cleaned({"Release Date": "Jan 01 1999"}).remarks


@pytest.mark.parametrize("key", ["date", "Release Date", "release_date", "timestamp", "date-of-birth"])
def test_date_columns_are_known_by_their_name(key: str):
    assert columns_of([{key: 1}], set()).dates == {key}


@pytest.mark.parametrize("key", ["update", "dated", "candidate", "Validated By"])
def test_other_columns_are_not_dates(key: str):
    assert not columns_of([{key: 1}], set()).dates


class TestSchema:
    @pytest.mark.parametrize(
        "row",
        [
            {"anything": "goes"},
            {"Title": 54, "Release Date": "Aug 28 1998", "US Gross": None},
            {"Title": None, "US Gross": "1,000", "IMDB Rating": 7.5},
        ],
    )
    def test_rows_fit_without_a_schema_of_their_own(self, row: dict[str, Any]):
        assert reasons(validator_of(ROW_SCHEMA), row) == []

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ([], "is not of type 'object'"),
            ({}, "non-empty"),
            ({"Title": ["x"]}, "Title: "),
            ({"US Gross": -1}, "US Gross: "),
            ({"US Gross": {}}, "US Gross: "),
            ({"IMDB Rating": 11}, "IMDB Rating: "),
        ],
    )
    def test_a_bad_row_is_told_why(self, row: Any, reason: str):
        [found] = reasons(validator_of(ROW_SCHEMA), row)
        assert reason in found

    def test_json_schema_is_told_from_the_mapping_of_fields_to_types(self):
        assert is_json_schema({"type": "object"}) and is_json_schema({"required": ["a"]})
        assert is_json_schema(ROW_SCHEMA) and not is_json_schema(
            {"type": "str", "name": "str", "required": "bool"}
        )

    def test_fields_and_types_are_checked_by_a_plain_mapping(self):
        schema = {
            "version": "2.0",
            "id": "int",
            "name": "str",
            "score": "float",
            "ok": "bool",
            "tags": "list",
        }
        data = {"id": True, "name": "x", "score": 1, "ok": False}
        assert list(field_problems(data, schema)) == [
            "Invalid type for id: expected int",
            "Missing required field: tags",
        ]

    @pytest.mark.parametrize("schema", [{"id": "uuid"}, {"id": 3}, {"id": ["str"]}])
    def test_unknown_types_are_refused(self, schema: dict[str, Any]):
        with pytest.raises(CriticalFailure, match="schema: id has the unknown type"):
            list(field_problems({}, schema))

    @pytest.mark.parametrize(
        "schema", [{"type": "object", "properties": {"a": {"type": "nope"}}}, {"$schema": "x", "required": 3}]
    )
    def test_a_schema_that_is_none_is_refused(self, schema: dict[str, Any]):
        with pytest.raises(CriticalFailure, match="schema: "):
            validator_of(schema)

    def test_a_schema_from_elsewhere_is_never_fetched(self):
        schema = {"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/schema.json"}}}
        with pytest.raises(CriticalFailure, match="complete in itself"):
            reasons(validator_of(schema), {"a": 1})

    def test_numeric_fields_are_those_that_are_numbers_or_bounded(self):
        assert "US Gross" in numeric_fields(ROW_SCHEMA) and "Title" not in numeric_fields(ROW_SCHEMA)
        assert numeric_fields({"properties": {"a": {"type": "integer"}, "b": {"type": "string"}}}) == {"a"}
        assert numeric_fields({"a": "int"}) == frozenset()


def test_files_hold_every_row_in_each_format():
    rows = [{"a": 1, "b": "ü,\n"}, {"a": None, "c": [1, {"d": 2}]}]
    assert export.text_of(rows, "jsonl").count("\n") == 2
    assert export.text_of({"a": 1}, "jsonl") == '{"a": 1}\n'
    assert export.text_of(rows, "csv") == 'a,b,c\n1,"ü,\n",\n,,"[1, {""d"": 2}]"\n'
    assert '"ü,\\n"' in export.text_of(rows, "json")

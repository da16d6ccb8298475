"""Text, times and zones in expressions, as the specification of CEL has them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.errors import ExpressionError
from designer.expressions.expressions import compile_expression

CONTEXT = {"name": "Zoë", "city": "東京", "rows": [1, 2], "at": "2026-03-29T00:30:00+02:00"}


def value(source: str, **context: Any) -> Any:
    return compile_expression(source).evaluate({"context": CONTEXT | context})


VALUES = [
    ("size(context.name)", 3),
    ("size(context.city)", 2),
    ("context.name.size() <= 3", True),
    ("size('👍🏽')", 2),
    ("size(b'Zoë')", 4),
    ("size(context.rows) + size({'a': 1}) + size('')", 3),
    ("context.rows.map(row, size(context.city) + row)", [3, 4]),
    ("['Zoë', 'Bo'].filter(name, name.size() == 3)", ["Zoë"]),
    ("'size(' + string(size('(ß')) + ')'", "size(2)"),
    ("timestamp(context.at).getHours()", 22),
    ("timestamp(context.at).getDayOfWeek()", 6),
    ("timestamp('2026-01-01T00:30:00+02:00').getFullYear()", 2025),
    ("timestamp('2026-07-01T10:00:00Z').getHours('Europe/Berlin')", 12),
    ("timestamp('2026-01-01T10:00:00Z').getHours('Europe/Berlin')", 11),
    ("timestamp('2026-07-01T23:59:00Z').getDate('+02:00')", 2),
    ("timestamp('2026-07-01T23:59:00Z').getDayOfMonth('02:00')", 1),
    ("timestamp('2026-07-01T00:00:00Z').getMonth('-08:00')", 5),
    ("timestamp('2026-01-01T00:00:00Z').getDayOfYear('America/New_York')", 364),
    ("timestamp('2026-01-04T12:00:00Z').getDayOfWeek('UTC')", 0),
    ("timestamp('2026-01-04T12:00:59.123456789Z').getMilliseconds('Asia/Kathmandu')", 123),
    ("timestamp('2026-01-04T12:00:59Z').getMinutes('Asia/Kathmandu')", 45),
    ("timestamp('2026-01-04T12:00:59Z').getSeconds('UTC')", 59),
    ("timestamp('2026-01-04T12:00:00Z').getFullYear('Pacific/Auckland')", 2026),
    ("string(timestamp(context.at))", "2026-03-28T22:30:00+00:00"),
    ("timestamp(context.at)", "2026-03-28T22:30:00Z"),
    ("timestamp(context.at) == timestamp('2026-03-28T22:30:00Z')", True),
    ("timestamp(context.at) < timestamp('2026-03-28T22:30:01Z')", True),
    ("timestamp(context.at) + duration('90m')", "2026-03-29T00:00:00Z"),
    ("(timestamp(context.at) - timestamp('2026-03-28T22:00:00Z')).getMinutes()", 30),
    ("timestamp(timestamp(context.at)).getHours()", 22),
    ("timestamp(0).getFullYear()", 1970),
    ("context.at.getHours('Europe/Vienna') + context.at.getDate()", 51),
    ("getMinutes(context.at, '+05:45')", 15),
    ("duration('-90m').getHours() + duration('1.5s').getMilliseconds()", 1499),
    ("duration('90m').getHours() + duration('90m').getMinutes()", 91),
]


@pytest.mark.parametrize(("source", "expected"), VALUES)
def test_values(source: str, expected: Any) -> None:
    assert value(source) == expected


ERRORS = [
    ("size(5)", "'size' cannot be used on these values"),
    ("context.rows[0].size()", "'size' cannot be used"),
    ("timestamp('2026-07-01T09:00:00')", "no time with a zone"),
    ("timestamp('2026-07-01')", "no time with a zone"),
    ("timestamp('2026-02-30T00:00:00Z')", "no time with a zone"),
    ("timestamp('0001-01-01T00:00:00+05:00')", "no time with a zone"),
    ("timestamp(9223372036854775807)", "no time with a zone"),
    ("timestamp('2026-07-01T10:00:00Z').getHours('Europe/Nowhere')", "'Europe/Nowhere' is no zone"),
    ("timestamp('2026-07-01T10:00:00Z').getHours('Europe')", "'Europe' is no zone"),
    ("timestamp('2026-07-01T10:00:00Z').getHours('../../etc/passwd')", "is no zone"),
    ("timestamp('2026-07-01T10:00:00Z').getHours('+25:00')", "is no zone"),
    ("timestamp('9999-12-31T23:59:59Z').getHours('+02:00')", "lies outside the calendar"),
    ("'2026'.getHours('UTC')", "'getHours' is asked of a timestamp"),
    (
        "'2026-07-01T10:00:00'.getHours()",
        "'getHours' is asked of a timestamp: '2026-07-01T10:00:00' is no time",
    ),
    ("duration('1h').getFullYear()", "'getFullYear' is asked of a timestamp"),
    ("timestamp('2026-07-01T10:00:00Z').getHours(2)", "'getHours' is asked of a timestamp"),
    ("_siz_('a')", "there is no function"),
    ("size('a' 'b')", "character 10"),
]


@pytest.mark.parametrize(("source", "message"), ERRORS)
def test_errors(source: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message.replace("(", r"\(").replace("/", "/")):
        value(source)


@given(st.text())
def test_a_text_is_counted_in_characters(text: str) -> None:
    if not any("\ud800" <= sign <= "\udfff" for sign in text):
        assert value("size(context.text)", text=text) == len(text)


@given(st.datetimes(timezones=st.timezones()))
def test_a_time_has_the_same_parts_however_it_was_written(at: datetime) -> None:
    try:
        text = at.replace(microsecond=0).isoformat()
        in_utc = at.astimezone(UTC)
    except (OverflowError, ValueError):
        return
    if len(text) == len("2026-01-01T00:00:00+00:00"):
        assert value("timestamp(context.t).getHours()", t=text) == in_utc.hour
        assert value("timestamp(context.t).getDate()", t=text) == in_utc.day

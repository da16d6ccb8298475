"""Times from outside: each is converted to UTC, or refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.lib.times import in_utc, is_in_calendar

offsets = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
EDGES = (datetime.min, datetime.max, datetime.min + timedelta(hours=12), datetime.max - timedelta(hours=12))


@given(st.datetimes() | st.sampled_from(EDGES), offsets)
def test_each_time_with_a_zone_is_in_utc_or_refused(naive: datetime, zone: timezone) -> None:
    at = naive.replace(tzinfo=zone)
    try:
        expected = (naive - zone.utcoffset(None)).replace(tzinfo=UTC)
    except OverflowError:
        assert not is_in_calendar(at)
        with pytest.raises(ValueError, match="years 1 to 9999"):
            in_utc(at)
    else:
        assert is_in_calendar(at) and in_utc(at) == expected and in_utc(at).tzinfo is UTC


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        in_utc(datetime(2026, 1, 1))

"""When a schedule comes, and what is said of one that cannot be understood."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.triggers.schedules import cron_problem, in_words, next_time, zone_problem


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        ("0 6 * * *", "UTC", "2026-01-01T05:59:59", "2026-01-01T06:00:00"),
        ("0 6 * * *", "UTC", "2026-01-01T06:00:00", "2026-01-02T06:00:00"),
        ("0 6 * * *", "Europe/Berlin", "2026-01-01T00:00:00", "2026-01-01T05:00:00"),
        ("0 6 * * *", "Europe/Berlin", "2026-07-01T00:00:00", "2026-07-01T04:00:00"),
        ("*/15 * * * *", "Asia/Kathmandu", "2026-01-01T00:01:00", "2026-01-01T00:15:00"),
        ("0 9 * * MON-FRI", "UTC", "2026-01-02T10:00:00", "2026-01-05T09:00:00"),
        ("0 0 29 2 *", "UTC", "2026-01-01T00:00:00", "2028-02-29T00:00:00"),
        ("0 0 L * *", "UTC", "2026-02-01T00:00:00", "2026-02-28T00:00:00"),
        ("30 2 * * *", "Europe/Berlin", "2026-03-29T00:00:00", "2026-03-29T01:00:00"),  # 02:30 is skipped
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T23:00:00", "2026-10-25T00:30:00"),  # 02:30 is shown twice
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00", "2026-10-26T01:30:00"),  # but comes once
    ],
)
def test_the_next_time(cron: str, zone: str, after: str, expected: str) -> None:
    assert cron_problem(cron) == "" and zone_problem(zone) == ""
    assert next_time(cron, zone, at(after)) == at(expected)


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("", "five fields"),
        ("* * * *", "five fields"),
        ("* * * * * *", "five fields"),
        ("@daily", "five fields"),
        ("61 * * * *", "bad minute"),
        ("* 24 * * *", "bad hour"),
        ("* * 0 * *", "bad day-of-month"),
        ("* * * 13 *", "bad month"),
        ("* * * * 8", "bad day-of-week"),
        ("*/0 * * * *", "bad minute"),
        ("0 0 31 2 *", "bad day-of-month"),
        ("5-1 * * * *", "bad minute"),
        ("\0 * * * *", "bad minute"),
        (" ".join(["0" * 40] * 5), "five fields"),
    ],
)
def test_what_is_no_schedule(cron: str, said: str) -> None:
    assert said in cron_problem(cron)


@given(st.lists(st.text("0123456789*/,-#LWMONJAN²", min_size=1, max_size=8), min_size=5, max_size=5))
def test_whatever_is_written_is_either_refused_or_has_a_next_time(fields: list[str]) -> None:
    cron = " ".join(fields)
    if not cron_problem(cron):
        now = at("2026-05-05T05:05:05")
        found = next_time(cron, "America/New_York", now)
        assert found is not None and found > now
        assert in_words(cron)


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Europe/Berln", "is it Europe/Berlin?"),
        ("Mars", ""),
        ("", "write it like"),
        ("../etc/passwd", "no time zone"),
    ],
)
def test_what_is_no_zone(zone: str, said: str) -> None:
    assert said in zone_problem(zone) and zone_problem(zone)

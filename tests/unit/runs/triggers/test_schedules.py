"""When a schedule comes, and what is said of one that cannot be understood."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.triggers.schedules.times import cron_problem, in_words, next_time, zone_problem


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
        ("* * * * * *", "knows no seconds"),
        ("@reboot", "there is no '@reboot'; there are @hourly"),
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


# --- daylight saving ---

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]
FIXED = ["30 2 * * *", "0 0 * * *", "0,30 1-3 * * *", "15,45 2,3 * * *", "0 2-4 * * SUN", "5 0 31 10 *"]
REAL_TIME = ["*/30 2 * * *", "* * * * *", "0 */2 * * *", "*/7 * * * *", "*/15 1-3 * * *", "30 * * * *"]
begins = st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))
changes = st.sampled_from([datetime(2027, 3, 27, 20, tzinfo=UTC), datetime(2027, 10, 30, 20, tzinfo=UTC)])
minutes = st.integers(0, 12 * 60).map(lambda count: timedelta(minutes=count))
near_changes = st.builds(lambda at, later: at + later, changes, minutes)


@given(st.sampled_from(FIXED + REAL_TIME), st.sampled_from(ZONES), begins | near_changes)
def test_the_next_time_is_always_later(cron: str, zone: str, after: datetime) -> None:
    for _ in range(5):
        at = next_time(cron, zone, after)
        assert at is not None and at > after
        after = at


@given(st.sampled_from(REAL_TIME), st.sampled_from(ZONES), near_changes)
def test_a_schedule_with_a_star_follows_real_time(cron: str, zone: str, after: datetime) -> None:
    """As if somebody looked at the clock on the wall at each minute."""
    minute, hour = (_field(field, most) for field, most in zip(cron.split(), (60, 24), strict=False))
    at = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while (local := at.astimezone(ZoneInfo(zone))).minute not in minute or local.hour not in hour:
        at += timedelta(minutes=1)
    assert next_time(cron, zone, after) == at


def _field(text: str, most: int) -> set[int]:
    if text.startswith("*"):
        return set(range(0, most, int(text.partition("/")[2] or 1)))
    first, _, last = text.partition("-")
    return set(range(int(first), int(last or first) + 1))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("cron", ["30 2 * * *", "0 0 * * *", "30 1 * * *", "5 3 * * *"])
def test_a_fixed_time_comes_once_each_day_of_the_year(cron: str, zone: str) -> None:
    at = datetime(2026, 12, 31, 23, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    days = []
    while (at := next_time(cron, zone, at) or at).astimezone(ZoneInfo(zone)).year < 2028:
        days.append(at.astimezone(ZoneInfo(zone)).date())
    assert days == [date(2027, 1, 1) + timedelta(days=number) for number in range(365)]


def test_what_the_docs_say_of_berlin() -> None:
    def times(cron: str, after: str, count: int) -> list[str]:
        at, found = datetime.fromisoformat(after), []
        for _ in range(count):
            at = next_time(cron, "Europe/Berlin", at) or at
            found.append(f"{at:%d %H:%M}")
        return found

    spring, autumn = "2027-03-27T22:00:00+00:00", "2027-10-30T22:40:00+00:00"
    assert times("30 2 * * *", spring, 2) == ["28 01:00", "29 00:30"]
    assert times("0,30 2 * * *", spring, 2) == ["28 01:00", "29 00:00"]
    assert times("30 2 * * *", autumn, 2) == ["31 00:30", "01 01:30"]
    assert times("*/30 2 * * *", autumn, 5) == ["31 00:00", "31 00:30", "31 01:00", "31 01:30", "01 01:00"]
    assert times("0 */2 * * *", spring, 3) == ["27 23:00", "28 02:00", "28 04:00"]
    assert times("30 2 * * *", "2027-10-31T01:10:00+00:00", 1) == ["01 01:30"]


@pytest.mark.parametrize("cron", ["0 0 ? * *", "@every 5m", "0 0 * * MON-SUN"])
def test_forms_of_other_products_are_refused(cron: str) -> None:
    assert cron_problem(cron)

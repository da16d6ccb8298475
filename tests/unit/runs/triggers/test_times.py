"""Schedules over a year in four zones, held against the clock that the zone's people see; and intervals."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from runs.triggers.schedules.times import NAMED, Times, moment_in, problems_of, span

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
)  # the last: by 30 minutes
START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2027, 1, 1, tzinfo=UTC)
each_zone = pytest.mark.parametrize("zone", ZONES)


def year(zone: str, **times: object) -> list[datetime]:
    """All times of a year, in UTC."""
    schedule = Times(zone=zone, **times)  # type: ignore[arg-type]
    found, moment = [], START - timedelta(seconds=1)
    while (following := schedule.after(moment)) and following < END:
        assert following > moment
        found.append(following)
        moment = following
    return found


def shown(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%m-%d %H:%M}"


def is_shown(zone: str, at: str) -> bool:
    """Whether the zone's clock shows a time of 2026, as `03-29 02:30`, at all."""
    local = datetime.strptime(f"2026-{at}", "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(zone))
    return shown(local.astimezone(UTC), zone) == at


@pytest.mark.rule("R11.13")
@each_zone
@pytest.mark.parametrize("cron", ["30 2 * * *", "15 2 * * *", "0 6 * * *", "45 1 * * *"])
def test_a_fixed_time_comes_once_a_day(zone: str, cron: str) -> None:
    minute, hour, *_ = cron.split()
    wanted = f"{int(hour):02}:{int(minute):02}"
    times = year(zone, cron=cron)
    days = Counter(shown(at, zone)[:5] for at in times)
    assert set(days.values()) == {1} and len(days) in (365, 366)
    for at in times:
        day, clock = shown(at, zone).split()
        assert clock == wanted or not is_shown(zone, f"{day} {wanted}"), f"{day} {clock}"


@pytest.mark.rule("R11.13")
@each_zone
def test_a_time_that_is_shown_twice_counts_the_first_time(zone: str) -> None:
    for at in year(zone, cron="45 1 * * *"):
        assert at.astimezone(ZoneInfo(zone)).fold == 0


@pytest.mark.rule("R11.13")
@each_zone
def test_a_star_follows_real_time(zone: str) -> None:
    times = year(zone, cron="*/30 * * * *")
    steps = Counter(later - earlier for earlier, later in zip(times, times[1:], strict=False))
    assert set(steps) == {timedelta(minutes=30)} and len(times) == 365 * 48


@pytest.mark.rule("R11.13")
@each_zone
def test_an_interval_counts_real_seconds(zone: str) -> None:
    first = datetime(2026, 1, 1, 5, tzinfo=UTC)
    times = year(zone, every=3_600 * 7, at=first)
    assert times[0] == first
    assert {later - earlier for earlier, later in zip(times, times[1:], strict=False)} == {timedelta(hours=7)}


@each_zone
def test_names_stand_for_their_expressions(zone: str) -> None:
    for name, cron in NAMED.items():
        assert Times(name, zone=zone).next_ones(START, 20) == Times(cron, zone=zone).next_ones(START, 20)


def test_one_time_comes_once() -> None:
    at = datetime(2026, 12, 24, 18, tzinfo=UTC)
    assert Times(at=at).next_ones(START, 5) == [at]
    assert Times(at=at).after(at) is None and Times(at=at).in_words == "Once"


@pytest.mark.parametrize(
    "times",
    [
        Times("* * * * *"),
        Times("0 6 * * *", zone="Europe/Berlin"),
        Times(every=10, at=START),
        Times("0 0 1 1 *"),
        Times(at=START + timedelta(days=3)),
    ],
    ids=lambda times: times.in_words,
)
@pytest.mark.parametrize("days", [0.01, 3, 40])
def test_the_last_times_are_those_that_counting_forward_gives(times: Times, days: float) -> None:
    since = START + timedelta(days=1)
    until = since + timedelta(days=days)
    every, moment = [], since - timedelta(microseconds=1)
    while (following := times.after(moment)) and following <= until:
        every.append(following)
        moment = following
        if len(every) > 5_000:
            return
    assert times.last_ones(since, until, 100) == every[-100:]


@pytest.mark.parametrize(
    ("stated", "field", "said"),
    [
        (("", None, None, "UTC"), "cron", "five fields"),
        (("* * * * *", 60, None, "UTC"), "cron", "one of them"),
        (("", 9, START, "UTC"), "every", "10 to"),
        (("", None, datetime(2026, 1, 1), "UTC"), "at", "needs its zone"),
        (("* * * * *", None, None, "Mars"), "zone", "no time zone"),
    ],
)
def test_what_is_no_schedule_is_said_at_its_field(stated: tuple[object, ...], field: str, said: str) -> None:
    ((found, message),) = problems_of(*stated)  # type: ignore[arg-type]
    assert found == field and said in message


def test_moments_and_spans_as_people_write_them() -> None:
    assert moment_in("Europe/Berlin", "2026-07-01T08:00") == datetime(2026, 7, 1, 6, tzinfo=UTC)
    assert moment_in("Mars", "2026-07-01T08:00") is None and moment_in("UTC", "x") is None
    assert [span(seconds) for seconds in (60, 90, 7_200, 86_400)] == [
        "minute",
        "90 seconds",
        "2 hours",
        "day",
    ]

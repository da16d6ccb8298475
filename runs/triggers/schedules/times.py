"""Times of schedules: cron expressions in a time zone, intervals, and single times. PURE.

The clock is a parameter. Daylight saving is treated as Debian's cron treats it. A schedule with a fixed
minute and hour comes once at each of its times: one that the zone's clock skips in spring is moved to the
end of the gap, one that it shows twice in autumn counts the first time. A schedule whose minute or hour
begins with `*` follows real time instead: it leaves out what is skipped and comes in both of the hours that
are shown twice. An interval counts real seconds from its first time, whatever a clock shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from config.lib.caches import cached_for_process
from config.lib.times import is_in_calendar
from runs.machine.limits import CRON_LENGTH_MAX

FIELDS = 5
EVERY_S_MIN, EVERY_S_MAX = 10, 366 * 86_400
LIKE_THIS = "write it like 0 6 * * MON-FRI"
NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
SOME_DAY = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Times:
    """The times of a schedule: by `cron` in a `zone`, `every` so many seconds from `at`, or once at `at`."""

    cron: str = ""
    every: int | None = None
    at: datetime | None = None
    zone: str = "UTC"

    def after(self, moment: datetime) -> datetime | None:
        """The first time after `moment`, in UTC; None if there is none."""
        if self.cron:
            return next_time(self.cron, self.zone, moment)
        if self.at is None or moment < self.at:
            return self.at
        if self.every is None:
            return None
        step = timedelta(seconds=self.every)
        following = self.at + ((moment - self.at) // step + 1) * step
        return following if is_in_calendar(following) else None

    def next_ones(self, moment: datetime, count: int) -> list[datetime]:
        times: list[datetime] = []
        while len(times) < count and (following := self.after(times[-1] if times else moment)):
            times.append(following)
        return times

    def last_ones(self, since: datetime, until: datetime, count: int) -> list[datetime]:
        """The times from `since` to `until`, both included; the last `count` of them.

        It looks back in windows that grow, so that a year of minutes is not gone through.
        """
        window = timedelta(minutes=count)
        while True:
            start = max(since, until - window)
            times = [moment for moment in self._between(start, until, count * 60) if moment >= since]
            if len(times) >= count or start <= since:
                return times[-count:]
            window *= 8

    def _between(self, start: datetime, until: datetime, most: int) -> list[datetime]:
        moment = start - timedelta(microseconds=1)
        times: list[datetime] = []
        while len(times) < most and (moment_after := self.after(moment)) and moment_after <= until:
            times.append(moment_after)
            moment = moment_after
        return times

    @property
    def in_words(self) -> str:
        """The schedule in English."""
        if self.cron:
            return in_words(self.cron)
        return f"Every {span(self.every)}" if self.every else "Once"


def problems_of(cron: str, every: int | None, at: datetime | None, zone: str) -> Iterator[tuple[str, str]]:
    """What is wrong with the times of a schedule, as pairs of field and message."""
    if problem := zone_problem(zone):
        yield "zone", problem
    if at is not None and (at.tzinfo is None or not is_in_calendar(at)):
        yield "at", "a time needs its zone: write it like 2026-12-24T18:00:00Z"
    if cron:
        if every is not None or at is not None:
            yield "cron", "a schedule has a cron expression, an interval or one time: state one of them"
        if problem := cron_problem(cron):
            yield "cron", problem
    elif every is not None:
        if not EVERY_S_MIN <= every <= EVERY_S_MAX:
            yield "every", f"an interval has {EVERY_S_MIN} to {EVERY_S_MAX:,} seconds"
    elif at is None:
        yield "cron", cron_problem(cron)


def cron_problem(cron: str) -> str:
    """What is wrong with a cron expression; empty if it is valid."""
    if cron.strip().startswith("@"):
        known = cron.strip().lower() in NAMED
        return "" if known else f"there is no {cron.strip()[:20]!r}; there are {', '.join(NAMED)}"
    fields = len(cron.split())
    if fields == FIELDS + 1:
        return (
            f"it has six fields, and a schedule knows no seconds; leave the first one out ({LIKE_THIS}), "
            "or state an interval in seconds"
        )
    if fields != FIELDS or len(cron) > CRON_LENGTH_MAX:
        return f"a schedule has five fields: minute, hour, day of month, month, day of week; {LIKE_THIS}"
    try:
        first = next_time(cron, "UTC", SOME_DAY)
    except CronSimError as error:
        return f"{str(error)[:1].lower()}{str(error)[1:]} in {cron!r}; {LIKE_THIS}"
    return "" if first else f"{cron!r} never comes: there is no such day"


def zone_problem(zone: str) -> str:
    """What is wrong with the name of a time zone; empty if there is one of that name."""
    if zone in zones():
        return ""
    near = get_close_matches(zone, zones(), 1, 0.5)
    return f"there is no time zone {zone!r}; " + (
        f"is it {near[0]}?" if near else "write it like Europe/Berlin"
    )


def next_time(cron: str, zone: str, after: datetime) -> datetime | None:
    """The first time after `after`, in UTC; None if there is none. Raises CronSimError."""
    for local in CronSim(_five_fields(cron), after.astimezone(ZoneInfo(zone))):
        at = local.astimezone(UTC)
        if at > after:  # in the second of two equal hours, a fixed time of the first one is over
            return at
    return None


def moment_in(zone: str, shown: str) -> datetime | None:
    """The moment at which a clock in the zone shows a time such as 2026-12-24T18:00, or None."""
    try:
        return datetime.fromisoformat(shown).replace(tzinfo=ZoneInfo(zone)) if zone in zones() else None
    except ValueError:
        return None


def in_words(cron: str) -> str:
    """The expression in English."""
    return CronSim(_five_fields(cron), SOME_DAY).explain()


def span(seconds: int) -> str:
    """A number of seconds in the largest unit that it is a multiple of."""
    for length, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds % length == 0:
            count = seconds // length
            return unit if count == 1 else f"{count:,} {unit}s"
    return f"{seconds:,} seconds"


def _five_fields(cron: str) -> str:
    return NAMED.get(cron.strip().lower(), cron)


@cached_for_process()
def zones() -> frozenset[str]:
    """The names of all time zones of this host."""
    return frozenset(available_timezones())

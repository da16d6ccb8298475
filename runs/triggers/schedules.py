"""Times of schedules: cron expressions in a time zone. PURE: the clock is a parameter.

Daylight saving is treated as Debian's cron treats it. A schedule with a fixed minute and hour comes once at
each of its times: one that the zone's clock skips in spring is moved to the end of the gap, one that it
shows twice in autumn counts the first time. A schedule whose minute or hour begins with `*` follows real time
instead: it leaves out what is skipped and comes in both of the hours that are shown twice.
"""

from __future__ import annotations

from datetime import UTC, datetime
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from config.lib.caches import cached_for_process
from runs.machine.limits import CRON_LENGTH_MAX

FIELDS = 5
LIKE_THIS = "write it like 0 6 * * MON-FRI"


def cron_problem(cron: str) -> str:
    """What is wrong with a cron expression; empty if it is valid."""
    if len(cron.split()) != FIELDS or len(cron) > CRON_LENGTH_MAX:
        return f"a schedule has five fields: minute, hour, day of month, month, day of week; {LIKE_THIS}"
    try:
        first = next_time(cron, "UTC", datetime(2024, 1, 1, tzinfo=UTC))
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
    for local in CronSim(cron, after.astimezone(ZoneInfo(zone))):
        at = local.astimezone(UTC)
        if at > after:  # in the second of two equal hours, a fixed time of the first one is over
            return at
    return None


def in_words(cron: str) -> str:
    """The expression in English."""
    return CronSim(cron, datetime(2024, 1, 1, tzinfo=UTC)).explain()


@cached_for_process()
def zones() -> frozenset[str]:
    """The names of all time zones of this host."""
    return frozenset(available_timezones())

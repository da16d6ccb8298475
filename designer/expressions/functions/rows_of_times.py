"""The rows of the catalog about times. PURE."""

from __future__ import annotations

from collections.abc import Mapping

from designer.expressions.functions import times
from designer.expressions.functions.signatures import Function

T = '"2026-01-31T09:30:00Z"'

GROUPS: Mapping[str, tuple[Function, ...]] = {
    "Times": (
        Function(
            "now",
            "",
            "The time at which the engine decides; of params, at which the attempt began.",
            "now()",
            f"{T}",
            times.now,
        ),
        Function(
            "timestamp",
            "value: any",
            "A time, from a text with a zone or from seconds since 1970.",
            'timestamp("2026-01-31T10:30:00+01:00")',
            f"{T}",
            times.timestamp,
        ),
        Function("duration", "text: any", "A length of time.", 'duration("1h30m")', "5400.0"),
        Function(
            "date_add",
            "time: time, amount: number, unit: unit, zone?: zone",
            "So many seconds, minutes, hours, days, weeks, months or years later.",
            f'date_add({T}, 1, "month")',
            '"2026-02-28T09:30:00Z"',
            times.date_add,
        ),
        Function(
            "date_diff",
            "from: time, to: time, unit: unit, zone?: zone",
            "How many whole units lie between two times.",
            f'date_diff({T}, "2026-03-01T00:00:00Z", "days")',
            "28",
            times.date_diff,
        ),
        Function(
            "format_time",
            "time: time, pattern: pattern, zone?: zone",
            "A time by placeholders.",
            f'format_time({T}, "%d.%m.%Y %H:%M", "Europe/Vienna")',
            '"31.01.2026 10:30"',
            times.format_time,
        ),
    ),
    "Parts of times": tuple(
        Function(
            name, "time: any, zone?: zone_of_part", about, f"{T}.{name}({zone})", result, times.part(name)
        )
        for name, about, zone, result in (
            ("getFullYear", "The year.", "", "2026"),
            ("getMonth", "The month, from 0.", "", "0"),
            ("getDate", "The day of the month, from 1.", "", "31"),
            ("getDayOfMonth", "The day of the month, from 0.", "", "30"),
            ("getDayOfYear", "The day of the year, from 0.", "", "30"),
            ("getDayOfWeek", "The day of the week, Sunday is 0.", "", "6"),
            ("getHours", "The hour; all hours of a duration.", '"Europe/Vienna"', "10"),
            ("getMinutes", "The minute; all minutes of a duration.", "", "30"),
            ("getSeconds", "The second; all seconds of a duration.", "", "0"),
            ("getMilliseconds", "The milliseconds; all of a duration.", "", "0"),
        )
    ),
}

"""Charts: the figures of each hour and the samples of the queues, with gaps where nobody knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from runs.models import FleetSample, HourFigures, Run
from runs.statistics import charts, histogram
from runs.statistics.counters import SAMPLES_KEPT, tally_once

pytestmark = pytest.mark.django_db


def this_hour() -> datetime:
    return timezone.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def figure(hours_ago: int, status: str, count: int, *durations: float) -> None:
    hour = this_hour() - timedelta(hours=hours_ago)
    HourFigures.objects.create(
        hour=hour, status=status, count=count, durations=histogram.count(durations or [100.0])
    )


def by_label(chart: dict[str, Any]) -> dict[str, list[Any]]:
    return {series["label"]: series["values"] for series in chart["series"]}


def test_runs_stand_in_their_hour_by_how_they_ended() -> None:
    figure(0, "completed", 5)
    figure(2, "failed", 2)
    figure(3, "completed", 9)  # before the first hour that is asked for
    chart = charts.runs_by_hour(3)
    assert by_label(chart) == {
        "Completed": [0, 0, 5],
        "Undone": [0, 0, 0],
        "Failed": [2, 0, 0],
        "Cancelled": [0, 0, 0],
    }
    assert chart["times"][-1] == this_hour().timestamp()
    assert [b - a for a, b in zip(chart["times"], chart["times"][1:], strict=False)] == [3600, 3600]


def test_durations_are_those_of_all_outcomes_of_an_hour() -> None:
    figure(0, "completed", 19, *[100.0] * 19)
    figure(0, "failed", 1, 60_000.0)
    half, most = charts.durations_by_hour(2)["series"]
    assert half["values"][0] is None and half["values"][1] == pytest.approx(100, rel=0.1)
    assert most["values"][1] == pytest.approx(100, rel=0.1)
    HourFigures.objects.filter(status="failed").update(durations=histogram.count([60_000.0] * 5))
    assert charts.durations_by_hour(1)["series"][1]["values"][0] == pytest.approx(60_000, rel=0.1)


def test_the_charts_say_what_was_tallied(undone: Run) -> None:
    tally_once()
    assert by_label(charts.runs_by_hour(1))["Undone"] == [1]


def test_a_line_of_the_queues_has_a_gap_where_no_sample_was_taken() -> None:
    now = timezone.now()
    for minutes, queued in ((30, 7), (29, 6), (1, 0)):
        FleetSample.objects.create(at=now - timedelta(minutes=minutes), queued=queued, processes=2)
    chart = charts.queue_depth(1)
    assert by_label(chart) == {"Waiting steps": [7, 6, None, 0], "Worker processes": [2, 2, None, 2]}
    FleetSample.objects.create(at=now - SAMPLES_KEPT - timedelta(minutes=1), queued=1, processes=1)
    assert len(charts.queue_depth(charts.HOURS_MAX)["times"]) == 4


@pytest.mark.parametrize("name", ["runs", "durations", "queue"])
def test_charts_are_for_who_may_see_and_bounded(viewer: Client, stranger: Client, name: str) -> None:
    url = f"/api/v1/figures/{name}"
    assert viewer.get(url).status_code == 200
    assert viewer.get(f"{url}?hours={charts.HOURS_MAX}").status_code == 200
    assert stranger.get(url).status_code == 401
    for hours in ("0", str(charts.HOURS_MAX + 1), "x"):
        assert viewer.get(f"{url}?hours={hours}").status_code == 422

"""Lasting conditions are told once when they have begun, and anew only when they had ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runs.subscriptions.conditions import none_online, repeated, stalled
from runs.subscriptions.retries import DELAYS, TRIES_MAX, delay_after, is_delivered

START = datetime(2030, 1, 1, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def stalls(*looks: tuple[float, str | None]) -> list[float]:
    """When a queue is told to stand still, whose next job was seen at these seconds."""
    state: Any = {}
    told = []
    for seconds, job in looks:
        state, names = stalled(state, {"default": job}, after(seconds))
        told += [seconds] * len(names)
    return told


def test_a_queue_stands_still_when_its_next_job_stays() -> None:
    assert stalls((0, "a"), (60, "a"), (119, "a")) == []
    assert stalls((0, "a"), (120, "a"), (180, "a"), (9_000, "a")) == [120]


def test_a_queue_that_moves_or_is_empty_does_not() -> None:
    assert stalls((0, "a"), (100, "b"), (200, "c"), (300, "d")) == []
    assert stalls((0, "a"), (100, None), (150, "a"), (200, "a")) == []


def test_a_queue_that_crawls_is_told_once_and_one_that_stops_again_anew() -> None:
    crawling = [(0, "a"), (130, "a"), (140, "b"), (270, "b"), (280, "c"), (500, "c")]
    assert stalls(*crawling) == [130]
    assert stalls(*crawling, (510, "d"), (520, "e"), (700, "e")) == [130, 700]
    assert stalls(*crawling, (510, None), (520, "e"), (700, "e")) == [130, 700]


def nobody(*looks: tuple[float, int]) -> list[float]:
    state: Any = {}
    told = []
    for seconds, online in looks:
        state, is_due = none_online(state, online, after(seconds))
        told += [seconds] if is_due else []
    return told


def test_that_nobody_works_is_told_once_after_a_while() -> None:
    assert nobody((0, 0), (59, 0)) == []
    assert nobody((0, 0), (60, 0), (90, 0), (4_000, 0)) == [60]
    assert nobody((0, 1), (60, 0), (100, 1), (110, 0), (165, 0)) == []


def test_processes_that_come_and_go_are_no_new_occurrence() -> None:
    flickering = [(0, 0), (60, 0), (70, 2), (80, 0), (200, 0)]
    assert nobody(*flickering) == [60]
    assert nobody(*flickering, (210, 1), (270, 1), (300, 0), (360, 0)) == [60, 360]


def test_a_cause_is_told_when_it_is_repeated_and_anew_when_it_was_over() -> None:
    state, told = repeated({}, {"card": 4, "stock": 6}, 5)
    assert told == ["stock"]
    state, told = repeated(state, {"card": 5, "stock": 4}, 5)
    assert told == ["card"] and set(state) == {"card", "stock"}
    state, told = repeated(state, {"card": 2, "stock": 7}, 5)
    assert told == [] and set(state) == {"stock"}
    assert repeated(state, {"card": 5}, 5) == ({"card": True}, ["card"])


@pytest.mark.parametrize(
    ("tries", "seconds"),
    [(1, 5), (2, 30), (3, 120), (4, 600), (5, 3_600), (6, 21_600), (7, 86_400), (8, None), (9, None)],
)
def test_a_delivery_is_tried_again_later_and_later(tries: int, seconds: int | None) -> None:
    delay = delay_after(tries, 500)
    assert delay == (None if seconds is None else timedelta(seconds=seconds))
    assert delay_after(tries) == delay and delay_after(tries, 410) is None


def test_eight_tries_take_more_than_a_day_and_a_quarter() -> None:
    assert TRIES_MAX == 8 and timedelta(hours=31) < sum(DELAYS, timedelta()) < timedelta(hours=32)
    assert [is_delivered(status) for status in (199, 200, 204, 299, 302, 404, 500)] == [
        False, True, True, True, False, False, False,
    ]  # fmt: skip

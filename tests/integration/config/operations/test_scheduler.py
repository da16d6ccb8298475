"""When the scheduler takes silence for death."""

from __future__ import annotations

import time

import pytest
from django.db import OperationalError
from pytest_django.fixtures import Settings

from config.operations.management.commands import scheduler
from config.operations.management.commands.scheduler import SweepLoop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> list[bool]:
    """What each pass was told: whether silence counts."""
    settings.TRIAL_RETENTION_DAYS = 0
    told: list[bool] = []
    monkeypatch.setattr(scheduler, "sweep_once", lambda *, silence_counts: told.append(silence_counts))
    monkeypatch.setattr(SweepLoop, "keep_figures", lambda loop: None)
    monkeypatch.setattr(scheduler, "SWEEP_EVERY_S", 0.0)
    return told


def test_silence_counts_once_the_database_has_been_there_for_a_while(judged: list[bool]) -> None:
    loop = SweepLoop()
    loop.sweep()
    loop.steady_since = time.monotonic() - scheduler.STEADY_S - 1
    loop.sweep()
    assert judged == [False, True]


def test_after_a_failure_heartbeats_are_awaited_first(
    judged: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = SweepLoop()
    loop.steady_since = time.monotonic() - scheduler.STEADY_S - 1

    def away(*, silence_counts: bool) -> None:
        raise OperationalError("the database is away")

    with monkeypatch.context() as patched:
        patched.setattr(scheduler, "sweep_once", away)
        loop.sweep()
    loop.sweep()
    assert judged == [False]
    assert loop.delay_s == scheduler.DUE_EVERY_S


def test_between_two_passes_only_what_is_due_is_looked_for(
    judged: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    due: list[float] = []
    monkeypatch.setattr(scheduler, "SWEEP_EVERY_S", 60.0)
    monkeypatch.setattr(scheduler, "sweep_due", lambda: due.append(time.monotonic()))
    loop = SweepLoop()
    for _ in range(3):
        loop.sweep()
    assert len(judged) == 1 and len(due) == 2

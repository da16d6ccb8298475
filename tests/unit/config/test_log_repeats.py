"""One line in the log for one event."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from config import log_repeats
from config.log_repeats import NoRepeats


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(log_repeats, "time", clock)
    return clock


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    logger, out = logging.getLogger("test.repeats"), io.StringIO()
    handler = logging.StreamHandler(out)
    handler.addFilter(NoRepeats())
    logger.addHandler(handler)
    yield logger, out
    logger.removeHandler(handler)


def test_what_is_told_a_thousand_times_is_one_line(
    log: tuple[logging.Logger, io.StringIO], clock: Clock
) -> None:
    logger, out = log
    for number in range(1_000):
        logger.warning("process %s is late", 7)
        if number % 500 == 0:
            logger.warning("process %s is late", 8)
            logger.error("process %s is late", 7)
    assert out.getvalue().splitlines() == ["process 7 is late", "process 8 is late", "process 7 is late"]
    clock.now += log_repeats.WINDOW_S
    logger.warning("process %s is late", 7)
    assert out.getvalue().splitlines()[-1] == "process 7 is late (999 times more since)"
    clock.now += log_repeats.WINDOW_S
    logger.warning("process %s is late", 7)
    assert out.getvalue().splitlines()[-1] == "process 7 is late"


def test_what_is_remembered_is_bounded(
    log: tuple[logging.Logger, io.StringIO], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_repeats, "KNOWN_MAX", 3)
    logger, out = log
    for word in ("a", "b", "c", "d", "a", "d"):
        logger.warning(word)
    assert out.getvalue().split() == ["a", "b", "c", "d", "a"]

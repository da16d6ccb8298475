"""Log records as lines of JSON."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest

from config.telemetry import attempt, options
from config.telemetry.ids import Context
from config.telemetry.logs import JsonFormatter

RUN = "01930000-0000-7000-8000-00000000002a"


def line_of(message: str, *args: object, **more: Any) -> dict[str, Any]:
    record = logging.LogRecord("shop", logging.WARNING, __file__, 1, message, args, **more)
    text = JsonFormatter().format(record)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture
def json_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "JSON_LOGS", True)


def test_a_line_has_time_level_logger_and_message() -> None:
    line = line_of("%s lamps", 3, exc_info=None)
    assert {**line, "time": "", "process": 0} == {
        "time": "",
        "level": "warning",
        "logger": "shop",
        "message": "3 lamps",
        "process": 0,
    }
    assert line["time"].endswith("Z")


def test_a_traceback_stays_on_its_line() -> None:
    try:
        raise ValueError("no\nlamps")
    except ValueError:
        line = line_of("failed", exc_info=sys.exc_info())
    assert line["exception"].endswith("ValueError: no\nlamps")


def test_a_line_about_a_run_says_which(json_logs: None) -> None:
    assert line_of("run %s: job discarded", RUN, exc_info=None)["run"] == RUN


def test_a_line_of_a_worker_says_where_it_is_from(json_logs: None) -> None:
    with attempt.carrying(RUN, "pay", 2, "undo", None):
        line = line_of("refunded", exc_info=None)
        assert (line["run"], line["step"], line["attempt"], line["direction"]) == (RUN, "pay", 2, "undo")
        assert "trace_id" not in line
        assert attempt.outgoing() == {}
    assert "step" not in line_of("refunded", exc_info=None)


def test_of_an_attempt_nothing_is_kept_where_nobody_wants_it() -> None:
    with attempt.carrying(RUN, "pay", 1, "forward", Context(1, 2)):
        assert attempt.current() is None

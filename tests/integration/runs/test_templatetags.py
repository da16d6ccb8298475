"""Small parts of every page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from designer.templatetags.page import breakable, coded, duration, moment
from runs.machine.states import RunStatus, StepStatus, UndoStatus
from runs.machine.vocabulary import FAMILIES, UNREACHED
from runs.templatetags.board import badge


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0, "0 ms"),
        (0.0414, "41 ms"),
        (1.2, "1.2 s"),
        (30, "30 s"),
        (59.949, "59.9 s"),
        (59.96, "1 min"),
        (125, "2 min 5 s"),
        (3_600, "1 h"),
        (3_780, "1 h 3 min"),
        (187_200, "2 d 4 h"),
    ],
)
def test_durations_read_as_scripts_write_them(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


def test_a_moment_is_utc_until_scripts_know_the_zone() -> None:
    at = datetime(2026, 11, 22, 22, 32, 1, tzinfo=timezone(timedelta(hours=2)))
    assert moment(at) == moment(at.isoformat()) == moment(at.astimezone(UTC))
    assert ">2026-11-22 20:32:01 UTC</time>" in moment(at)
    assert moment(None) == ""


def test_names_break_after_underscores_and_nowhere_else() -> None:
    assert breakable("order_<b>") == "order_<wbr>&lt;b&gt;"


def test_words_in_backticks_are_code_and_all_else_is_text() -> None:
    assert coded("reads `a<b>` & ``c``") == "reads <code>a&lt;b&gt;</code> &amp; <code>c</code>"
    assert coded("one ` alone, <b>") == "one ` alone, &lt;b&gt;"


def test_every_status_has_an_icon_and_a_word() -> None:
    assert set(RunStatus) == FAMILIES["run"].keys()
    assert set(StepStatus) | {UNREACHED} == FAMILIES["step"].keys()
    assert set(UndoStatus) - {UndoStatus.NONE} == FAMILIES["undo"].keys()
    assert badge("undo", "none") == badge("run", "nonsense") == ""
    assert "<svg" in badge("step", "failed") and "Failed</span>" in badge("step", "failed")

"""Text that a database refuses becomes an answer, never a job that fails again and again."""

from __future__ import annotations

from typing import Any

import pytest

from runs.engine import engine
from runs.errors import RunsError
from runs.models import Run
from tests.integration.runs import workers as sample
from tests.integration.runs.conftest import Publish, RunHere, chain, step

ODD = ["a NUL \x00 inside", "half a character \ud800", "a tag \\u0000 spelt out"]


@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_an_error_with_odd_text_is_recorded(
    run_here: RunHere, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    def broken(*_: Any) -> None:
        raise ValueError(text)

    monkeypatch.setattr(sample, "_act", broken)
    run = run_here(chain(step("a")))
    assert run.status == "failed"


@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_odd_words_of_a_worker_are_recorded(
    run_here: RunHere, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    def talking(context: Any, handle: Any) -> dict[str, Any]:
        handle.log(text)
        handle.progress(0.5, text)
        return {}

    monkeypatch.setattr(sample, "_act", talking)
    run = run_here(chain(step("a")))
    assert run.status == "completed"


@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_an_odd_input_starts_or_is_refused(publish: Publish, text: str) -> None:
    try:
        engine.start_run(publish(chain(step("a"))), {"text": text, text: 1}, labels={"text": text})
    except RunsError:
        assert not Run.objects.exists()


@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_an_odd_signal_is_taken_or_refused(publish: Publish, text: str) -> None:
    wait = step("w", kind="wait", worker=None, compensation=None, signal="s")
    run = engine.start_run(publish(chain(wait)), {})
    try:
        engine.signal(run.pk, "s", {"text": text}, user=text)
    except RunsError:
        return

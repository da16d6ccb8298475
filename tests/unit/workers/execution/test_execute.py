"""One attempt from task to outcome: arguments, params, and everything a worker may do wrong."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel, Field

from tests.unit.workers.helpers import why
from workers import CriticalFailure, StepHandle, worker
from workers.execution.execute import Task, execute
from workers.testing import Notes, call, outcome_of, spec_of


def task(**changes: Any) -> Task:
    fields = {
        "run_id": "r", "workflow": "w", "step": "s", "direction": "forward", "worker": "w", "attempt": 2,
        "idempotency_key": "r:s", "context": {}, "params": {}, "timeout": 5.0, "output_bytes_max": 1_000_000,
    }  # fmt: skip
    return Task(**{**fields, **changes})


class TestArguments:
    def test_params_lie_over_the_context(self):
        @worker("w")
        def work(context, params):
            return [context, params]

        outcome = outcome_of(work, {"a": 1, "b": 1}, params={"b": 2})
        assert outcome.output == [{"a": 1, "b": 2}, {"b": 2}]

    def test_the_context_is_a_copy_that_the_worker_may_change(self):
        @worker("w")
        def work(context, params):
            context["rows"].append(1)
            params["items"].append(1)

        context: dict[str, Any] = {"rows": []}
        params: dict[str, Any] = {"items": []}
        outcome_of(work, context, params=params)
        assert (context, params) == ({"rows": []}, {"items": []})

    def test_the_step_handle_tells_what_it_is_about(self):
        seen: list[StepHandle] = []

        @worker("w")
        def work(step: StepHandle):
            seen.append(step)
            step.log("charged", 5)
            step.progress(0.5, "half")
            step.progress(7)

        lines: list[str] = []
        progress: list[Any] = []
        execute(task(), {"w": spec_of(work)}, on_log=lines.append, on_progress=lambda *a: progress.append(a))
        step = seen[0]
        assert (step.run_id, step.name, step.attempt, step.idempotency_key) == ("r", "s", 2, "r:s")
        assert timedelta(0) < step.deadline - datetime.now(UTC) < timedelta(seconds=5)
        assert not step.cancelled
        assert (lines, progress) == (["charged 5"], [(0.5, "half"), (1.0, "")])

    def test_a_step_is_cancelled_when_it_is_called_off_or_late(self):
        @worker("w")
        def work(step: StepHandle):
            called_off = step.cancelled
            step.is_cancelled = None
            step.deadline = datetime.now(UTC)
            return [called_off, step.cancelled]

        outcome = execute(task(), {"w": spec_of(work)}, is_cancelled=lambda: True)
        assert outcome.output == [True, True]

    def test_log_lines_are_bounded(self):
        @worker("w")
        def work(step: StepHandle):
            for _ in range(1_500):
                step.log("x" * 5_000)

        notes = Notes()
        outcome_of(work, notes=notes)
        assert len(notes.lines) == 1_000 and len(notes.lines[0]) == 2_000

    def test_progress_that_is_no_number_fails_the_step(self):
        @worker("w")
        def work(step: StepHandle):
            step.progress(float("nan"))

        assert "from 0 to 1" in why(outcome_of(work)).message

    def test_an_unknown_worker_is_named(self):
        outcome = execute(task(worker="nobody"), {})
        assert (outcome.kind, why(outcome).code, outcome.retryable) == ("failed", "unknown_worker", False)
        assert "'nobody'" in why(outcome).message


class Card(BaseModel):
    number: str
    cents: int = Field(gt=0)
    tags: list[str] = []


class TestParams:
    def test_a_model_is_validated_and_handed_over(self):
        @worker("w")
        async def work(params: Card, context: dict[str, Any]):
            return [params.cents, params.tags, context["number"]]

        assert outcome_of(work, params={"number": "4", "cents": "5"}).output == [5, [], "4"]

    def test_bad_params_name_the_fields_and_the_worker_does_not_run(self):
        @worker("w")
        def work(params: Card):
            raise AssertionError

        outcome = outcome_of(work, params={"cents": 0, "tags": ["a", 1]})
        assert (outcome.kind, why(outcome).code, outcome.retryable) == ("failed", "bad_params", False)
        for field in ("number: ", "cents: ", "tags[1]: "):
            assert field in why(outcome).message


class TestFailures:
    def test_the_traceback_starts_at_the_authors_code_and_holds_no_locals(self):
        def helper(secret):
            raise ValueError("no good")

        @worker("sync")
        def sync_work():
            helper("hunter2")

        @worker("async")
        async def async_work():
            await asyncio.sleep(0)
            helper("hunter2")

        for work in (sync_work, async_work):
            text = why(outcome_of(work)).traceback
            frames = [line for line in text.splitlines() if line.startswith("  File")]
            assert len(frames) == 2 and all(__file__ in frame for frame in frames)
            assert "secret" not in text and text.endswith("ValueError: no good\n")

    def test_message_and_traceback_are_bounded(self):
        @worker("w")
        def work():
            raise ValueError("x" * 1_000_000)

        failure = why(outcome_of(work))
        assert len(failure.message) == 2_000 and len(failure.traceback) == 8_000

    def test_recursion_without_end_fails_the_step(self):
        @worker("w")
        def work():
            return work()

        failure = why(outcome_of(work))
        assert failure.type == "RecursionError" and len(failure.traceback) < 8_001

    @pytest.mark.parametrize(
        "error", [SystemExit(1), KeyboardInterrupt(), GeneratorExit(), BaseException("x")]
    )
    @pytest.mark.parametrize("is_async", [False, True])
    def test_leaving_the_process_fails_the_step_only(self, error, is_async):
        @worker("sync")
        def sync_work():
            raise error

        @worker("async")
        async def async_work():
            await asyncio.sleep(0)
            raise error

        outcome = outcome_of(async_work if is_async else sync_work)
        assert (outcome.kind, why(outcome).code, outcome.retryable) == ("failed", "exception", True)
        assert why(outcome_of(async_work if is_async else sync_work)).type == type(error).__name__

    @pytest.mark.parametrize("direction", ["forward", "undo", "verify", "fallback"])
    def test_a_critical_failure_is_not_retried_in_any_direction(self, direction):
        @worker("w")
        def work():
            raise CriticalFailure("card declined")

        outcome = outcome_of(work, direction=direction)
        assert (why(outcome).code, outcome.retryable) == ("critical", False)

    @pytest.mark.parametrize("value", [float("nan"), {1: 1}, "x" * 2_000_000, {1, 2}, asyncio])
    def test_output_that_is_not_json_or_too_large_fails_for_good(self, value):
        @worker("w")
        def work():
            return value

        outcome = outcome_of(work)
        assert (outcome.kind, why(outcome).code, outcome.retryable) == ("failed", "bad_output", False)
        assert "'w'" in why(outcome).message

    @pytest.mark.rule("R6.15")
    @pytest.mark.parametrize(
        ("value", "direction", "acted", "kept"),
        [
            ({"id": 1, "rate": float("nan")}, "forward", True, {"id": 1}),
            ({"id": 1, "rate": float("nan")}, "fallback", True, {"id": 1}),
            ({1, 2}, "forward", True, None),
            ({"status": "failed", "rate": float("nan")}, "forward", False, None),
            ({"status": "retry_needed", "rate": float("nan")}, "forward", False, None),
            ({"requires_intervention": True, "rate": float("nan")}, "forward", False, None),
            ({"id": 1, "rate": float("nan")}, "undo", False, None),
            ({"outcome": "done", "output": {1}}, "verify", False, None),
        ],
    )
    def test_a_worker_that_returned_has_done_its_work_unless_it_says_otherwise(
        self, value, direction, acted, kept
    ):
        @worker("w")
        def work():
            return value

        outcome = outcome_of(work, direction=direction)
        assert (why(outcome).code, outcome.acted, outcome.output) == ("bad_output", acted, kept)

    def test_a_coroutine_that_was_not_awaited_fails_the_step(self):
        async def inner():
            return 1

        @worker("w")
        def work():
            return inner()

        assert "coroutine" in why(outcome_of(work)).message


class TestHelpers:
    def test_call_gives_the_result_and_lets_errors_through(self):
        @worker("w")
        async def work(context, params: Card, step):
            step.log("hello")
            if context.get("fail"):
                raise ValueError("no")
            return {"cents": params.cents}

        good = {"number": "4", "cents": 5}
        assert call(work, params=good) == {"cents": 5}
        with pytest.raises(ValueError, match="no"):
            call(work, {"fail": True}, params=good)

    def test_a_plain_function_is_refused(self):
        with pytest.raises(TypeError, match="is not a worker"):
            call(len)

"""One attempt from task to outcome: arguments, limits, and everything a worker may do wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel, Field

from tests.unit.workers.helpers import why
from workers import CriticalFailure, StepHandle, worker
from workers.execution.execute import Task, execute
from workers.execution.time_limit import TimeLimit
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

    def test_a_coroutine_that_was_not_awaited_fails_the_step(self):
        async def inner():
            return 1

        @worker("w")
        def work():
            return inner()

        assert "coroutine" in why(outcome_of(work)).message


def swallowing(seconds: float) -> None:
    """Code that holds on to life: it swallows whatever stops it, three times."""
    for _ in range(3):
        try:
            time.sleep(seconds)
        except BaseException:
            continue


class TestTimeouts:
    @pytest.mark.parametrize("is_async", [False, True])
    def test_a_blocking_worker_is_stopped(self, is_async):
        @worker("sync")
        def sync_work():
            try:
                time.sleep(30)
            except Exception:
                time.sleep(30)

        @worker("async")
        async def async_work():
            time.sleep(30)

        started = time.monotonic()
        outcome = outcome_of(async_work if is_async else sync_work, timeout=0.2)
        assert (outcome.kind, why(outcome).code) == ("unknown", "timeout")
        assert "0.2 s" in why(outcome).message and "time.sleep(30)" in why(outcome).traceback
        assert time.monotonic() - started < 3

    def test_an_async_worker_is_cancelled_and_its_loop_lives_on(self):
        loops: list[Any] = []

        @worker("w")
        async def work():
            loops.append(asyncio.get_running_loop())
            await asyncio.sleep(30)

        for _ in range(2):
            assert outcome_of(work, timeout=0.05).kind == "unknown"
        assert loops[0] is loops[1]

    def test_a_loop_that_was_broken_into_is_replaced(self):
        loops: list[Any] = []

        @worker("w")
        async def work(context):
            loops.append(asyncio.get_running_loop())
            if context["block"]:
                time.sleep(30)
            return "well"

        assert outcome_of(work, {"block": True}, timeout=0.05).kind == "unknown"
        assert outcome_of(work, {"block": False}).output == "well"
        assert loops[0] is not loops[1] and loops[0].is_closed()

    @pytest.mark.parametrize("is_async", [False, True])
    def test_a_worker_that_swallows_the_stop_is_still_timed_out(self, is_async):
        @worker("sync")
        def sync_work():
            swallowing(30)
            return "done"

        @worker("async")
        async def async_work():
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                return "done"

        started = time.monotonic()
        outcome = outcome_of(async_work if is_async else sync_work, timeout=0.1)
        assert outcome.kind == "unknown" and time.monotonic() - started < 5

    def test_an_error_while_stopping_is_still_a_timeout(self):
        @worker("w")
        def work():
            try:
                time.sleep(30)
            finally:
                raise ValueError("could not tidy up")

        assert outcome_of(work, timeout=0.1).kind == "unknown"

    def test_a_workers_own_timeout_error_is_an_ordinary_failure(self):
        @worker("w")
        async def work():
            async with asyncio.timeout(0.01):
                await asyncio.sleep(30)

        assert why(outcome_of(work)).type == "TimeoutError"

    def test_nothing_is_left_armed(self):
        @worker("w")
        def work():
            return 1

        outcome_of(work, timeout=0.05)
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
        assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL

    def test_it_strikes_nowhere_but_in_the_worker(self):
        """Whatever the moment at which the time is up, what follows is left in peace."""

        @worker("w")
        def work():
            until = time.perf_counter() + 0.0010
            while time.perf_counter() < until:
                pass

        kinds = {outcome_of(work, timeout=0.0010 + offset / 5_000_000).kind for offset in range(1_000)}
        assert kinds <= {"succeeded", "unknown"}
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)

    def test_a_timer_that_was_set_before_goes_on(self):
        notified: list[int] = []
        earlier = signal.signal(signal.SIGALRM, lambda *_: notified.append(1))
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        try:
            TimeLimit(5).call(lambda: time.sleep(0.1))
            assert 0.05 < signal.getitimer(signal.ITIMER_REAL)[0] < 0.25
            time.sleep(0.3)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, earlier)
        assert notified == [1]

    def test_in_another_thread_async_workers_are_stopped_and_sync_ones_end_by_themselves(self):
        @worker("async")
        async def async_work():
            await asyncio.sleep(30)

        @worker("sync")
        def sync_work():
            time.sleep(0.1)
            return "done"

        found: list[str] = []
        thread = threading.Thread(
            target=lambda: found.extend(
                outcome_of(work, timeout=0.05).kind for work in (async_work, sync_work)
            )
        )
        thread.start()
        thread.join()
        assert found == ["unknown", "succeeded"]


class TestStopSignals:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    @pytest.mark.parametrize("is_async", [False, True])
    def test_what_the_process_raises_to_stop_goes_through(self, number, is_async):
        @worker("sync")
        def sync_work():
            os.kill(os.getpid(), number)
            time.sleep(5)

        @worker("async")
        async def async_work():
            os.kill(os.getpid(), number)
            await asyncio.sleep(5)

        earlier = signal.signal(number, lambda *_: sys.exit(7))
        try:
            handler = signal.getsignal(number)
            with pytest.raises(SystemExit) as stopped:
                outcome_of(async_work if is_async else sync_work)
            assert stopped.value.code == 7 and signal.getsignal(number) is handler
        finally:
            signal.signal(number, earlier)

    def test_a_handler_that_only_notes_the_signal_lets_the_step_end(self):
        noted: list[int] = []

        @worker("w")
        def work():
            os.kill(os.getpid(), signal.SIGTERM)
            return "done"

        def note(number, frame):
            noted.append(number)
            signal.signal(signal.SIGTERM, second)

        def second(number, frame):
            raise SystemExit

        earlier = signal.signal(signal.SIGTERM, note)
        try:
            assert outcome_of(work).output == "done"
            assert noted == [signal.SIGTERM] and signal.getsignal(signal.SIGTERM) is second
        finally:
            signal.signal(signal.SIGTERM, earlier)


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

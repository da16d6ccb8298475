"""Attempts that take too long or are told to stop, whatever the worker does about it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from typing import Any

import pytest

from tests.unit.workers.helpers import why
from workers import worker
from workers.execution.time_limit import TimeLimit
from workers.testing import outcome_of

STOPPED_S_MAX = 25.0  # of a busy machine; the workers would go on for 30 seconds or more


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
        assert time.monotonic() - started < STOPPED_S_MAX

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
        assert outcome.kind == "unknown" and time.monotonic() - started < STOPPED_S_MAX

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
        signal.setitimer(signal.ITIMER_REAL, 600.0)
        try:
            TimeLimit(5).call(lambda: time.sleep(0.1))
            assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 599.9
            os.kill(os.getpid(), signal.SIGALRM)
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

"""Calls a worker's function, sync or async, and stops it at its timeout.

In the main thread a timer signal stops whatever runs (`workers.execution.time_limit`). In another thread only
a coroutine that awaits can be stopped, by cancellation; a sync worker runs on until it ends by itself.

A function may catch the exception that stops it. So the limit is also asked afterwards: once it has struck,
the attempt has timed out, whatever the function returned or raised.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import inspect
from collections.abc import Callable
from typing import Any

from workers.execution.time_limit import TimeLimit, in_main_thread
from workers.sdk.errors import AttemptTimedOut

CANCEL_GRACE_S = 1.0
CLOSE_S_MAX = 1.0


class MainThreadLoop:
    """The event loop of the main thread.

    It outlives an attempt, because HTTP and database clients are bound to it.
    """

    runner: asyncio.Runner | None = None

    def open(self) -> asyncio.Runner:
        self.runner = self.runner or asyncio.Runner()
        return self.runner

    def discard(self) -> None:
        """Closes the loop within `CLOSE_S_MAX`, whatever still runs on it; the next worker gets a new one."""
        runner, self.runner = self.runner, None
        try:
            if runner:
                TimeLimit(CLOSE_S_MAX).call(runner.close)
        except (Exception, AttemptTimedOut, asyncio.CancelledError):
            return


main_thread_loop = MainThreadLoop()
atexit.register(main_thread_loop.discard)


def call_sync(function: Callable[[], Any], seconds: float) -> Any:
    """Calls `function`. Raises AttemptTimedOut if it took longer than `seconds`."""
    return within(TimeLimit(seconds), function)


def call_async(function: Callable[[], Any], seconds: float) -> Any:
    """Runs a coroutine function.

    Cancels it after `seconds`; interrupts it a second later if it blocks its loop.
    """
    if not in_main_thread():
        with asyncio.Runner() as runner:
            return runner.run(cancelled_after(function, seconds))
    runner = main_thread_loop.open()
    limit = TimeLimit(seconds + CANCEL_GRACE_S)
    context = contextvars.copy_context()
    try:
        return within(limit, lambda: runner.run(cancelled_after(function, seconds), context=context))
    finally:
        if limit.alarms:  # it was interrupted anywhere, also in its own bookkeeping
            main_thread_loop.discard()


def within(limit: TimeLimit, function: Callable[[], Any]) -> Any:
    """Calls `function` under `limit`.

    Raises AttemptTimedOut if the limit struck, also if it was caught inside.
    """
    try:
        result = limit.call(function)
    except BaseException as error:
        if limit.alarms and not isinstance(error, AttemptTimedOut):
            raise AttemptTimedOut from error
        raise
    if limit.alarms:
        raise AttemptTimedOut
    return result


async def cancelled_after(function: Callable[[], Any], seconds: float) -> Any:
    """Awaits the result of `function`, and cancels it after `seconds`.

    Raises AttemptTimedOut as `within` does.
    """
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            result = function()
            if inspect.isawaitable(result):
                result = await result
    except BaseException as error:
        if limit.expired():
            raise AttemptTimedOut from error
        raise
    if limit.expired():
        raise AttemptTimedOut
    return result

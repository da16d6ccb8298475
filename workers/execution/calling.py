"""Calls a worker's function, sync or async, and stops it at its timeout.

In the main thread a timer signal stops whatever runs. In another thread only async workers
can be stopped; a sync one runs on until it ends by itself.
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


class KeptLoop:
    """The event loop of the main thread, kept so that clients that are bound to it stay usable."""

    runner: asyncio.Runner | None = None

    def open(self) -> asyncio.Runner:
        self.runner = self.runner or asyncio.Runner()
        return self.runner

    def discard(self) -> None:
        """Gives the loop up within a bound, whatever still runs on it; the next worker gets a new one."""
        runner, self.runner = self.runner, None
        try:
            if runner:
                TimeLimit(CLOSE_S_MAX).call(runner.close)
        except (Exception, AttemptTimedOut, asyncio.CancelledError):
            return


kept_loop = KeptLoop()
atexit.register(kept_loop.discard)


def call_sync(function: Callable[[], Any], seconds: float) -> Any:
    """Calls `function`. Raises AttemptTimedOut after `seconds`, whatever the function made of it."""
    return within(TimeLimit(seconds), function)


def call_async(function: Callable[[], Any], seconds: float) -> Any:
    """Runs the coroutine; cancels it at `seconds`, and breaks in when it blocks its loop."""
    if not in_main_thread():
        with asyncio.Runner() as runner:
            return runner.run(cancelled_after(function, seconds))
    runner = kept_loop.open()
    limit = TimeLimit(seconds + CANCEL_GRACE_S)
    context = contextvars.copy_context()
    try:
        return within(limit, lambda: runner.run(cancelled_after(function, seconds), context=context))
    finally:
        if limit.dispatches:
            kept_loop.discard()


def within(limit: TimeLimit, function: Callable[[], Any]) -> Any:
    try:
        result = limit.call(function)
    except BaseException as error:
        if limit.dispatches and not isinstance(error, AttemptTimedOut):
            raise AttemptTimedOut from error
        raise
    if limit.dispatches:
        raise AttemptTimedOut
    return result


async def cancelled_after(function: Callable[[], Any], seconds: float) -> Any:
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

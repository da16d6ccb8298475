"""Bounds an attempt in time and tells a real SIGTERM from a worker's own `sys.exit`.

Both work by signals and so only in the main thread; elsewhere they do nothing.
"""

from __future__ import annotations

import importlib
import signal
import threading
from collections.abc import Callable
from time import monotonic
from types import FrameType
from typing import Any, Self

from workers.sdk.errors import AttemptTimedOut

RINGS_MAX = 5
RING_INTERVAL_S = 1.0
SECONDS_MIN = 0.001
STOP_SIGNALS = (int(signal.SIGINT), int(signal.SIGTERM))
ALARM = int(signal.SIGALRM)
BY_DEFAULT = int(signal.SIG_DFL)

# The functions of the C module: turning numbers into enums and back takes longer than the call,
# and these calls are made around every attempt.
plain: Any = importlib.import_module("_signal")
set_handler, handler_of, set_timer = plain.signal, plain.getsignal, plain.setitimer
REAL_TIME = int(signal.ITIMER_REAL)


def in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


class TimeLimit:
    """Raises AttemptTimedOut in the called code after `seconds`.

    It is raised again each second, five times in all, in case the code swallows it; what still
    runs then is left to whoever watches the process. It is raised nowhere but in that code: not
    in this module's, and not once the call is over. A timer that was set before goes on after.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = max(SECONDS_MIN, seconds)
        self.dispatches = 0
        self._armed = False

    def call(self, function: Callable[[], Any]) -> Any:
        if not in_main_thread():
            return function()
        started = monotonic()
        earlier_handler = set_handler(ALARM, self._dispatch)
        earlier_timer = set_timer(REAL_TIME, self.seconds, RING_INTERVAL_S)
        self._armed = True
        try:
            return function()
        finally:
            self._armed = False
            set_timer(REAL_TIME, 0)
            set_handler(ALARM, BY_DEFAULT if earlier_handler is None else earlier_handler)
            go_on(earlier_timer, monotonic() - started)

    def _dispatch(self, number: int, frame: FrameType | None) -> None:
        if not self._armed or frame is None or frame.f_code.co_filename == __file__:
            return
        self.dispatches += 1
        if self.dispatches >= RINGS_MAX:
            set_timer(REAL_TIME, 0)
        raise AttemptTimedOut


def go_on(timer: tuple[float, float], elapsed: float) -> None:
    """Sets a timer again as if it had never been interrupted."""
    remaining, interval = timer
    if remaining:
        set_timer(REAL_TIME, max(SECONDS_MIN, remaining - elapsed), interval)


class SignalWatch:
    """Keeps what a handler of SIGINT or SIGTERM raised in the middle of an attempt, in `raised`."""

    def __init__(self) -> None:
        self.raised: BaseException | None = None
        self._handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def __enter__(self) -> Self:
        if in_main_thread():
            for number in STOP_SIGNALS:
                handler = handler_of(number)
                if callable(handler):
                    self._handlers[number] = handler
                    set_handler(number, self._pass_on)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers.items():
            if handler_of(number) == self._pass_on:
                set_handler(number, handler)

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        try:
            self._handlers[number](number, frame)
        except BaseException as error:
            self.raised = error
            raise

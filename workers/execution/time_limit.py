"""Signals around an attempt: the timer that stops it, and the handlers that stop the process.

`TimeLimit` sets the real-time interval timer (setitimer(2)). Its signal, SIGALRM, interrupts whatever Python
code runs, and the handler raises AttemptTimedOut in it. Python delivers signals to the main thread alone; in
another thread both classes do nothing.
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

ALARMS_MAX = 5
ALARM_INTERVAL_S = 1.0
SECONDS_MIN = 0.001
STOP_SIGNALS = (int(signal.SIGINT), int(signal.SIGTERM))
SIGALRM = int(signal.SIGALRM)
BY_DEFAULT = int(signal.SIG_DFL)

# The functions of the C module: `signal` turns numbers into enums and back, which takes longer than the call
# itself, and these calls are made around every attempt.
c_signal: Any = importlib.import_module("_signal")
set_handler, handler_of, set_timer = c_signal.signal, c_signal.getsignal, c_signal.setitimer
REAL_TIME = int(signal.ITIMER_REAL)


def in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


class TimeLimit:
    """Raises AttemptTimedOut in the called code after `seconds`.

    It is raised again each second, `ALARMS_MAX` times in all, in case the code swallows it; what still runs
    then is left to the pool's watchdog. It is raised in the called code alone: not in this module's, and not
    once the call is over. `alarms` counts how often it was raised. A timer that was set before the call goes
    on after it.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = max(SECONDS_MIN, seconds)
        self.alarms = 0
        self._armed = False

    def call(self, function: Callable[[], Any]) -> Any:
        if not in_main_thread():
            return function()
        started = monotonic()
        earlier_handler = set_handler(SIGALRM, self._on_alarm)
        earlier_timer = set_timer(REAL_TIME, self.seconds, ALARM_INTERVAL_S)
        self._armed = True
        try:
            return function()
        finally:
            self._armed = False
            set_timer(REAL_TIME, 0)
            set_handler(SIGALRM, BY_DEFAULT if earlier_handler is None else earlier_handler)
            resume(earlier_timer, monotonic() - started)

    def _on_alarm(self, number: int, frame: FrameType | None) -> None:
        # Between `_armed` and the call, and in the `finally`, this module's own frame is on top: raising
        # there would leave the handler and the timer in place.
        if not self._armed or frame is None or frame.f_code.co_filename == __file__:
            return
        self.alarms += 1
        if self.alarms >= ALARMS_MAX:
            set_timer(REAL_TIME, 0)
        raise AttemptTimedOut


def resume(timer: tuple[float, float], elapsed: float) -> None:
    """Sets an interrupted timer again for the rest of its time. `timer`: remaining seconds and interval."""
    remaining, interval = timer
    if remaining:
        set_timer(REAL_TIME, max(SECONDS_MIN, remaining - elapsed), interval)


class SignalWatch:
    """Records in `raised` what a handler of SIGINT or SIGTERM raised during an attempt.

    It tells a stop of the process from a worker's own `sys.exit`, which is a failure of the step.
    """

    def __init__(self) -> None:
        self.raised: BaseException | None = None
        self._handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def __enter__(self) -> Self:
        if in_main_thread():
            for number in STOP_SIGNALS:
                handler = handler_of(number)
                if callable(handler):
                    self._handlers[number] = handler
                    set_handler(number, self._call_handler)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers.items():
            if handler_of(number) == self._call_handler:
                set_handler(number, handler)

    def _call_handler(self, number: int, frame: FrameType | None) -> None:
        try:
            self._handlers[number](number, frame)
        except BaseException as error:
            self.raised = error
            raise

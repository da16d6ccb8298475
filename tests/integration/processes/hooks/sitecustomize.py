"""What a process of a test finds different from its start: Python imports this module before all others.

`TEST_JOBS`: worker processes may call the jobs of this module. `TOMORROW`: its code is newer, with one more
field in every state. `CLOCK_SHIFT_S`: its clock is wrong. `QUICK_S`: workers that take so long are quick.
"""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Mapping
from typing import Any

FIELD = "of_tomorrow"


def write_more() -> None:
    from runs.store import codec

    real_pack, real_unpack = codec.pack, codec.unpack

    def pack(state: Any, skip: frozenset[str] = frozenset()) -> dict[str, Any]:
        return {**real_pack(state, skip), FIELD: 1}

    def unpack(kind: Any, data: Mapping[str, Any], **more: Any) -> Any:
        return real_unpack(kind, {name: data[name] for name in data if name != FIELD}, **more)

    codec.pack, codec.unpack = pack, unpack


def allow_jobs(module: str) -> None:
    from runs.delivery import queue

    names = ("identify", "crash", "hold_the_interpreter", "take_a_while", "fail", "ask_the_database")
    queue.JOBS |= {f"{module}.{name}" for name in names}


def shift_clock(seconds: float) -> None:
    """Every way in which Python code asks its host for the time of day."""
    real_time, real_time_ns, real = time.time, time.time_ns, datetime.datetime

    class AnyDatetime(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, real)

    class Shifted(real, metaclass=AnyDatetime):  # type: ignore[misc, valid-type]
        def __new__(cls, *args: Any, **more: Any) -> datetime.datetime:  # type: ignore[misc]
            """One of the usual kind, as drivers look at the very type."""
            return real(*args, **more)

        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
            return real.now(tz) + datetime.timedelta(seconds=seconds)

        @classmethod
        def utcnow(cls) -> datetime.datetime:
            return cls.now(datetime.UTC).replace(tzinfo=None)

    time.time = lambda: real_time() + seconds
    time.time_ns = lambda: real_time_ns() + int(seconds * 1e9)
    datetime.datetime = Shifted  # type: ignore[misc]


def call_quick(seconds: float) -> None:
    from workers.process import pace

    pace.QUICK_S = seconds


if "TEST_JOBS" in os.environ:
    allow_jobs(os.environ["TEST_JOBS"])
if "QUICK_S" in os.environ:
    call_quick(float(os.environ["QUICK_S"]))
if "TOMORROW" in os.environ:
    write_more()
if "CLOCK_SHIFT_S" in os.environ:
    shift_clock(float(os.environ["CLOCK_SHIFT_S"]))

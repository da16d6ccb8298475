"""One attempt, carried out in a process of its own that may be killed at a marked point.

The process is forked for the attempt, as if a worker process had taken it. What it did reaches the parent by
marks, so that the parent knows of an effect even where the process is killed right after it. Who forks closes
what a process may not carry over, such as connections to SQLite, in `before_fork`.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import wraps
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import Any, Literal, NoReturn

from workers.execution.execute import Task, execute, outcome_of
from workers.execution.time_limit import TimeLimit
from workers.sdk.errors import TemporaryFailure, UnknownOutcome
from workers.sdk.outcome import Failure, Outcome
from workers.sdk.spec import WorkerSpec

ATTEMPT_S_MAX = 30.0  # then the process is killed, and its outcome is unknown
OVERRUN_S = 0.01
CODE = "rehearsed"

Point = Literal["before", "after"]
How = Literal["raise", "lose", "time_out", "kill"]
Send = Callable[[str, Any], None]


@dataclass(frozen=True, slots=True)
class Strike:
    """What goes wrong in an attempt, before or after the worker's effect."""

    how: How
    point: Point


@dataclass
class Carried:
    """What became of an attempt. `outcome` is None where its process was lost.

    `acted`: the worker came to its end and said that it had done its work.
    """

    outcome: Outcome | None = None
    acted: bool = False
    lines: list[str] = field(default_factory=list)


def begin(
    task: Task, spec: WorkerSpec, before_fork: Callable[[], None], strike: Strike | None = None
) -> Callable[[], Carried]:
    """Begins a task in a forked process, and goes on. Returns the function that waits for its end."""
    ours, theirs = Pipe(duplex=False)
    before_fork()
    pid = os.fork()
    if pid == 0:
        _live(theirs, ours, task, spec, strike)
    theirs.close()

    def carried() -> Carried:
        try:
            return _watched(ours, pid)
        finally:
            ours.close()

    return carried


def _watched(ours: Connection, pid: int) -> Carried:
    carried, until = Carried(), time.monotonic() + ATTEMPT_S_MAX
    try:
        while wait([ours], max(0.0, until - time.monotonic())):
            _take(carried, *ours.recv())
    except EOFError:
        os.waitpid(pid, 0)
        return carried
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    carried.outcome = Outcome(
        "unknown", failure=Failure("timeout", f"stopped after {ATTEMPT_S_MAX:g} s"), retryable=True
    )
    return carried


def _take(carried: Carried, kind: str, value: Any) -> None:
    if kind == "acted":
        carried.acted = True
    elif kind == "log":
        carried.lines.append(value)
    else:
        carried.outcome = value


def _live(
    theirs: Connection, ours: Connection, task: Task, spec: WorkerSpec, strike: Strike | None
) -> NoReturn:
    """The life of the other process; it ends here."""
    try:
        ours.close()

        def send(kind: str, value: Any) -> None:
            theirs.send((kind, value))

        struck = replace(spec, function=_struck(spec, task, strike, send))
        limited = replace(task, timeout=min(task.timeout, ATTEMPT_S_MAX))
        outcome = execute(limited, {spec.name: struck}, on_log=lambda line: send("log", line))
        send("outcome", outcome)
    finally:
        os._exit(0)


def _struck(spec: WorkerSpec, task: Task, strike: Strike | None, send: Send) -> Callable[..., Any]:
    """The worker's function with what strikes before or after its work, and the mark between them."""
    function = spec.function

    def done(result: Any) -> Any:
        if outcome_of(result, task).kind == "succeeded":
            send("acted", True)
        _strike(strike, "after")
        return result

    @wraps(function)
    def call(**arguments: Any) -> Any:
        _strike(strike, "before")
        return done(function(**arguments))

    @wraps(function)
    async def call_async(**arguments: Any) -> Any:
        _strike(strike, "before")
        return done(await function(**arguments))

    return call_async if spec.is_async else call


def _strike(strike: Strike | None, point: Point) -> None:
    if strike is None or strike.point != point:
        return
    if strike.how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif strike.how == "time_out":
        TimeLimit(OVERRUN_S).call(lambda: time.sleep(ATTEMPT_S_MAX))
    elif strike.how == "lose":
        raise UnknownOutcome("rehearsed: the work is done, and its answer is lost", code=CODE)
    else:
        raise TemporaryFailure("rehearsed: this fails before anything is done", code=CODE)

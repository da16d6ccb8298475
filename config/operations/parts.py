"""Processes that `config.operations.supervisor` keeps alive: programs, and copies of the process itself.

A copy shares with its parent what that has loaded, so it starts at once and costs little memory. It is forked
while the parent has no other thread, because a lock that such a thread holds would stay locked in the copy.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, Protocol

from workers.process import parent_death

PR_SET_NAME = 15
RESET = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
fork = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Part:
    """A process to keep alive: the program of `command`, or a copy of this process that does `run`.

    `orphaned` is the signal that it gets when the parent dies. `grace_s` is how long it may take to end
    before it is killed; `is_ready` probes whether it serves. One that has ended begins again as soon as
    `may_begin` allows it.
    """

    name: str
    command: Sequence[str] = ()
    grace_s: float = 0.0
    is_ready: Callable[[], bool] | None = None
    orphaned: int = signal.SIGKILL
    run: Callable[[], None] | None = None
    may_begin: Callable[[], bool] = lambda: True


class Process(Protocol):
    """A started part, and what it prints."""

    output: IO[bytes]

    def status(self) -> int | None:
        """How it ended; None while it runs."""

    def send(self, signum: int) -> None: ...

    def wait(self, seconds: float) -> None: ...


def begin(part: Part) -> Process:
    return Program(part) if part.run is None else Copy(part, part.run)


class Program:
    def __init__(self, part: Part) -> None:
        self._process = subprocess.Popen(
            parent_death.command(part.command, part.orphaned),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self.output: IO[bytes] = self._process.stdout

    def status(self) -> int | None:
        return self._process.poll()

    def send(self, signum: int) -> None:
        self._process.send_signal(signum)

    def wait(self, seconds: float) -> None:
        self._process.wait(seconds)


class Copy:
    def __init__(self, part: Part, run: Callable[[], None]) -> None:
        ours, theirs = os.pipe()
        self._process = fork.Process(target=_live, args=(part, run, theirs, os.getpid()))
        self._process.start()
        os.close(theirs)
        self.output: IO[bytes] = os.fdopen(ours, "rb")

    def status(self) -> int | None:
        return self._process.exitcode

    def send(self, signum: int) -> None:
        if self._process.pid is not None and self._process.is_alive():
            os.kill(self._process.pid, signum)

    def wait(self, seconds: float) -> None:
        self._process.join(seconds)


def _live(part: Part, run: Callable[[], None], output: int, parent: int) -> None:
    """The life of a copy: apart from the parent's session, signals, input and output."""
    os.setsid()
    parent_death.signal_on_parent_death(part.orphaned, parent)
    for signum in RESET:
        signal.signal(signum, signal.SIG_DFL)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_NAME, part.name.encode())  # what `ps` and `top` call it
    run()

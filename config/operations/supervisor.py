"""Supervisor of child processes: starts parts in order, restarts them, relays their output, stops them.

It knows nothing about what the parts are, and has one thread, so that a part may be a copy of it
(`config.operations.parts`). The parent polls: each `POLL_S` it looks for ended parts, and
restarts them after `RESTART_DELAY_S`. A part that ends `RESTARTS_MAX` times within `RESTARTS_WINDOW_S` ends
everything. Signal handlers only set flags, which the polling reads.

Parts run in sessions of their own, so Ctrl-C reaches the parent alone, which stops them in reverse order. For
the case that the parent is killed, `workers.process.parent_death` has the kernel signal each part.
"""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import IO

from config.lib.errors import ConfigError
from config.operations.parts import Part, Process, begin

POLL_S = 0.1
READY_TIMEOUT_S = 60.0
LINE_BYTES_MAX = 64_000
READ_BYTES = 65_536
RESTARTS_MAX = 5
RESTARTS_WINDOW_S = 60.0
RESTART_DELAY_S = 0.5
KILL_WAIT_S = 5.0
REPEAT_S = 1.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class PartNotReady(ConfigError):
    """A part was started and does not answer."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} did not get ready within {READY_TIMEOUT_S:.0f} s; its messages are above")


class PartKeepsEnding(ConfigError):
    """A part ends again and again."""

    def __init__(self, name: str, status: int) -> None:
        super().__init__(f"{name} ended {RESTARTS_MAX} times within a minute (status {status}); see above")


@dataclass
class Running:
    """A started part. `ends` are the times of its last ends; `restart_at` is set while it is down.

    `kill_at` is the end of its grace where it was replaced.
    """

    part: Part
    process: Process
    ends: deque[float] = field(default_factory=lambda: deque(maxlen=RESTARTS_MAX))
    restart_at: float | None = None
    kill_at: float = 0.0


class Supervisor:
    """Starts parts in order and keeps them alive until a stop signal; stops them in the reverse order."""

    def __init__(self, width: int = 10) -> None:
        self.width = width
        self.running: list[Running] = []
        self.leaving: list[Running] = []  # replaced, and ending
        self.stop_requested_at: float | None = None
        self.kill_now = False
        self._outputs = selectors.DefaultSelector()

    def listen(self) -> None:
        """Installs the handlers of stop signals. A second signal, after `REPEAT_S`, kills all parts."""
        for signum in STOP_SIGNALS:
            signal.signal(signum, self._request_stop)

    @property
    def stopping(self) -> bool:
        return self.stop_requested_at is not None

    def start(self, part: Part) -> None:
        """Starts a part and waits until it is ready, or a stop is requested.

        Raises PartNotReady or PartKeepsEnding.
        """
        if self.stopping:
            return
        entry = Running(part, self._spawn(part))
        self.running.append(entry)
        until = time.monotonic() + READY_TIMEOUT_S
        while part.is_ready is not None and not self.stopping and not part.is_ready():
            if time.monotonic() > until:
                raise PartNotReady(part.name)
            self._restart_ended(entry)
            self._relay(POLL_S / 2)

    def keep_alive(self, each_turn: Callable[[], None] = lambda: None) -> None:
        """Restarts parts until a stop signal; raises PartKeepsEnding."""
        while not self.stopping:
            each_turn()
            for entry in self.running:
                self._restart_ended(entry)
            self._forget_ended()
            self._relay(POLL_S)

    def replace(self, names: Sequence[str]) -> None:
        """Starts these parts anew. The old ones are asked to end, which they do beside the new ones."""
        for entry in [entry for entry in self.running if entry.part.name in names]:
            old = Running(entry.part, entry.process, kill_at=time.monotonic() + entry.part.grace_s)
            entry.process, entry.restart_at = self._spawn(entry.part), None
            old.process.send(signal.SIGTERM)
            self.leaving.append(old)

    def stop(self) -> None:
        for entry in [*self.leaving, *reversed(self.running)]:
            self._stop(entry)
        self.running.clear()
        self.leaving.clear()

    def say(self, line: str, name: str = "") -> None:
        """Prints a line without mixing it with others. A closed terminal is no reason to end."""
        with suppress(OSError):
            print(f"{name:{self.width}}| {line}" if name else line, flush=True)

    def _request_stop(self, signum: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.stop_requested_at is None:
            self.stop_requested_at = now
        elif now - self.stop_requested_at > REPEAT_S:
            # A second signal that comes sooner is the same request, which arrived in two ways.
            self.kill_now = True

    def _spawn(self, part: Part) -> Process:
        process = begin(part)
        os.set_blocking(process.output.fileno(), False)
        self._outputs.register(process.output, selectors.EVENT_READ, Lines(part.name, process.output))
        return process

    def _relay(self, seconds: float) -> None:
        """Prints what parts have printed; waits for it, up to `seconds`."""
        until = time.monotonic() + seconds
        while True:
            left = until - time.monotonic()
            for key, _ in self._outputs.select(max(0.0, left)):
                data = os.read(key.fd, READ_BYTES)
                for line in key.data.cut(data):
                    self.say(line, key.data.name)
                if not data:
                    self._outputs.unregister(key.fileobj)
                    key.data.source.close()
            if left <= 0:
                return

    def _restart_ended(self, entry: Running) -> None:
        status = entry.process.status()
        if status is None or not entry.part.may_begin():
            return
        now = time.monotonic()
        if entry.restart_at is None:
            entry.ends.append(now)
            if len(entry.ends) == RESTARTS_MAX and now - entry.ends[0] < RESTARTS_WINDOW_S:
                raise PartKeepsEnding(entry.part.name, status)
            self.say(f"ended with status {status}; starting it again", entry.part.name)
            entry.restart_at = now + RESTART_DELAY_S
        elif now >= entry.restart_at:
            entry.process = self._spawn(entry.part)
            entry.restart_at = None

    def _forget_ended(self) -> None:
        """Kills what was replaced and outlasts its grace."""
        for entry in self.leaving:
            if entry.kill_at < time.monotonic() and entry.process.status() is None:
                self._kill(entry)
        self.leaving = [entry for entry in self.leaving if entry.process.status() is None]

    def _stop(self, entry: Running) -> None:
        entry.process.send(signal.SIGTERM)
        until = time.monotonic() + entry.part.grace_s
        while entry.process.status() is None and time.monotonic() < until and not self.kill_now:
            self._relay(POLL_S / 5)
        if entry.process.status() is None:
            self._kill(entry)
        self._relay(0)

    def _kill(self, entry: Running) -> None:
        self.say("does not end and is killed", entry.part.name)
        entry.process.send(signal.SIGKILL)
        entry.process.wait(KILL_WAIT_S)


class Lines:
    """Cuts what a part prints into lines; one that is too long is cut, too."""

    def __init__(self, name: str, source: IO[bytes]) -> None:
        self.name = name
        self.source = source
        self._rest = b""

    def cut(self, data: bytes) -> list[str]:
        """The lines that are whole with `data`, which is empty at the end."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LINE_BYTES_MAX or (self._rest and not data):
            lines, self._rest = [*lines, self._rest], b""
        return [line.decode(errors="replace").rstrip() for line in lines]

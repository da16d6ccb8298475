"""Supervisor of child processes: starts parts in order, restarts them, relays their output, stops them.

It knows nothing about what the parts are. The parent polls: each `POLL_S` it looks for ended parts, and
restarts them after `RESTART_DELAY_S`. A part that ends `RESTARTS_MAX` times within `RESTARTS_WINDOW_S` ends
everything. Signal handlers only set flags, which the polling reads.

Parts run in sessions of their own, so Ctrl-C reaches the parent alone, which stops them in reverse order. For
the case that the parent is killed, `workers.process.parent_death` has the kernel signal each part.
"""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

from config.lib.errors import ConfigError
from workers.process import parent_death

POLL_S = 0.1
READY_TIMEOUT_S = 60.0
LINE_BYTES_MAX = 64_000
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


@dataclass(frozen=True)
class Part:
    """A process to keep alive. `orphaned` is the signal that it gets when the parent dies.

    `grace_s` is how long it may take to end before it is killed; `is_ready` probes whether it serves.
    """

    name: str
    command: Sequence[str]
    grace_s: float
    is_ready: Callable[[], bool] | None = None
    environment: Mapping[str, str] | None = None
    descriptors: Sequence[int] = ()
    orphaned: int = signal.SIGKILL


@dataclass
class Running:
    """A started part. `ends` are the times of its last ends; `restart_at` is set while it is down."""

    part: Part
    process: subprocess.Popen[bytes]
    ends: deque[float] = field(default_factory=lambda: deque(maxlen=RESTARTS_MAX))
    restart_at: float | None = None


class Supervisor:
    """Starts parts in order and keeps them alive until a stop signal; stops them in the reverse order."""

    def __init__(self, width: int = 10) -> None:
        self.width = width
        self.running: list[Running] = []
        self.stop_requested_at: float | None = None
        self.kill_now = False
        self._printing = threading.Lock()

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
            time.sleep(POLL_S / 2)

    def keep_alive(self) -> None:
        """Restarts parts until a stop signal; raises PartKeepsEnding."""
        while not self.stopping:
            for entry in self.running:
                self._restart_ended(entry)
            time.sleep(POLL_S)

    def stop(self) -> None:
        for entry in reversed(self.running):
            self._stop(entry)
        self.running.clear()

    def say(self, line: str, name: str = "") -> None:
        """Prints a line without mixing it with others. A closed terminal is no reason to end."""
        with self._printing, suppress(OSError):
            print(f"{name:{self.width}}| {line}" if name else line, flush=True)

    def _request_stop(self, signum: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.stop_requested_at is None:
            self.stop_requested_at = now
        elif now - self.stop_requested_at > REPEAT_S:
            # A second signal that comes sooner is the same request, which arrived in two ways.
            self.kill_now = True

    def _spawn(self, part: Part) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            parent_death.command(part.command, part.orphaned),
            env=part.environment,
            pass_fds=part.descriptors,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        threading.Thread(target=self._relay, args=(part.name, process), daemon=True).start()
        return process

    def _relay(self, name: str, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as output:
            for line in iter(partial(output.readline, LINE_BYTES_MAX), b""):
                self.say(line.decode(errors="replace").rstrip(), name)

    def _restart_ended(self, entry: Running) -> None:
        status = entry.process.poll()
        if status is None:
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

    def _stop(self, entry: Running) -> None:
        entry.process.terminate()
        until = time.monotonic() + entry.part.grace_s
        while entry.process.poll() is None and time.monotonic() < until and not self.kill_now:
            time.sleep(POLL_S / 5)
        if entry.process.poll() is None:
            self.say("does not end and is killed", entry.part.name)
            entry.process.kill()
            entry.process.wait(KILL_WAIT_S)

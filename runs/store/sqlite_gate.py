"""An advisory queue in front of SQLite's write lock, for the processes that write to one file.

Theory of operation. SQLite's busy handler retries after pauses of milliseconds, which is longer than a write
of a step takes: with several writers most of the time would be spent asleep. A writer therefore first takes
an exclusive `flock` on a file beside the database, and polls for it with pauses of microseconds that grow.

The gate decides nothing. SQLite's own lock keeps writers apart: a writer that does not get in within
WAIT_S_MAX, or that knows no gate, goes on to `BEGIN IMMEDIATE` and waits there. The system frees the lock of
a process that dies.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import sys
import time

PAUSE_S = 0.00003
PAUSE_S_MAX = 0.001
GROWTH = 1.1
WAIT_S_MAX = 0.05  # afterwards the writer waits at SQLite's own lock
SUFFIX = "-gate"
MODE = 0o600
PR_SET_TIMERSLACK = 29
SLACK_NS = 1_000  # Linux may prolong a sleep by 50 µs by default, more than a whole pause


class Gate:
    """The gate of one connection. `leave` may be called without a successful `enter`."""

    def __init__(self, database: str) -> None:
        """`database`: the path of its file."""
        self.path = database + SUFFIX
        self._file: int | None = None
        self._is_in = False
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, SLACK_NS)

    def __del__(self) -> None:
        if self._file is not None:
            os.close(self._file)

    def enter(self) -> None:
        """Takes the lock, or gives up after WAIT_S_MAX."""
        if self._try_lock():
            return
        pause_s, until = PAUSE_S, time.monotonic() + WAIT_S_MAX
        while time.monotonic() < until:
            time.sleep(pause_s)
            if self._try_lock():
                return
            pause_s = min(PAUSE_S_MAX, pause_s * GROWTH)

    def leave(self) -> None:
        if self._file is not None and self._is_in:
            fcntl.flock(self._file, fcntl.LOCK_UN)
            self._is_in = False

    def _try_lock(self) -> bool:
        try:
            if self._file is None:
                self._file = os.open(self.path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, MODE)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # no file can be created beside the database: there is no gate to wait at
            return True
        self._is_in = True
        return True

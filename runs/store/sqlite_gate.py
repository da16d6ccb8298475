"""Where those who write to one SQLite file wait for their turn.

SQLite itself has a writer look again after pauses of milliseconds, which are longer than a write takes; who
waits here looks again at once. It is no more than good manners: SQLite's own lock is what keeps writers
apart, so nobody has to come here, and nobody waits here for long.
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
WAIT_S_MAX = 0.05  # then SQLite's own lock is waited for
SUFFIX = "-gate"
MODE = 0o600
PR_SET_TIMERSLACK = 29
SLACK_NS = 1_000  # a pause lasts as long as it says, and not twice as long


class Gate:
    """One connection's way in, which it may leave without having come in."""

    def __init__(self, database: str) -> None:
        """To the database in that file."""
        self.path = database + SUFFIX
        self._file: int | None = None
        self._is_in = False
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, SLACK_NS)

    def __del__(self) -> None:
        if self._file is not None:
            os.close(self._file)

    def enter(self) -> None:
        if self._may_enter():
            return
        pause_s, until = PAUSE_S, time.monotonic() + WAIT_S_MAX
        while time.monotonic() < until:
            time.sleep(pause_s)
            if self._may_enter():
                return
            pause_s = min(PAUSE_S_MAX, pause_s * GROWTH)

    def leave(self) -> None:
        if self._file is not None and self._is_in:
            fcntl.flock(self._file, fcntl.LOCK_UN)
            self._is_in = False

    def _may_enter(self) -> bool:
        try:
            if self._file is None:
                self._file = os.open(self.path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, MODE)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a disk that takes no file has no gate
            return True
        self._is_in = True
        return True

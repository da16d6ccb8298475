"""One line in the log for one event, however often it is told.

A line that equals one of the last `WINDOW_S` seconds is held back and counted; the first one after that says
how many there were. Tracebacks go with their lines.
"""

from __future__ import annotations

import logging
import os
import threading
import time

WINDOW_S = 30.0
KNOWN_MAX = 1_000  # lines that are remembered; the oldest are forgotten


class NoTraceback(logging.Filter):
    """A filter of a logger whose lines say all that there is to say."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = record.exc_text = None
        return True


class NoRepeats(logging.Filter):
    """A filter of a handler."""

    def __init__(self) -> None:
        super().__init__()
        self._renew_lock()
        os.register_at_fork(after_in_child=self._renew_lock)  # another thread may have held it
        self._seen: dict[tuple[str, int, str], tuple[float, int]] = {}  # first time, and repeats held back

    def _renew_lock(self) -> None:
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        key = record.name, record.levelno, record.getMessage()
        now = time.monotonic()
        with self._lock:
            since, repeats = self._seen.get(key, (0.0, 0))
            if key in self._seen and now - since < WINDOW_S:
                self._seen[key] = since, repeats + 1
                return False
            self._seen.pop(key, None)
            while len(self._seen) >= KNOWN_MAX:
                del self._seen[next(iter(self._seen))]
            self._seen[key] = now, 0
        if repeats:
            record.msg, record.args = f"{key[2]} ({repeats:,} times more since)", ()
        return True

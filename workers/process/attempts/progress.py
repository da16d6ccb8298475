"""Progress and log lines of a running attempt, merged and written at most ten times a second.

The worker never waits for the database: a thread of the attempt, started by its first line, writes. The
thread has a connection of its own, since the worker's may be inside a transaction, or belong to an event
loop.
"""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Self

from django.db import DatabaseError, InterfaceError, connection

from runs.engine import engine
from runs.engine.engine import ClaimedAttempt

logger = logging.getLogger(__name__)

INTERVAL_S = 0.1
LINES_PER_NOTE = 100


class Reporter:
    """Collects what an attempt reports.

    Use as a context manager around it; on leaving, what is left is written.
    """

    def __init__(self, claimed: ClaimedAttempt) -> None:
        self._claimed = claimed
        self._lock = threading.Lock()
        self._ended: threading.Event  # set by `_begin`: most attempts report nothing and need neither
        self._thread: threading.Thread | None = None
        self._lines: list[str] = []
        self._progress: tuple[float, str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is not None:
            self._ended.set()
            self._thread.join()

    def log(self, line: str) -> None:
        with self._lock:
            self._lines.append(line)
        self._begin()

    def progress(self, fraction: float, message: str) -> None:
        with self._lock:
            self._progress = fraction, message
        self._begin()

    def _begin(self) -> None:
        if self._thread is None:
            self._ended = threading.Event()
            self._thread = threading.Thread(target=self._work, name="reporter", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        try:
            while not self._ended.wait(INTERVAL_S):
                self._write()
            while self._write():
                pass
        except (DatabaseError, InterfaceError) as error:
            self._note_loss(error)
        finally:
            connection.close()

    def write(self) -> None:
        """Writes what was collected so far, in the caller's thread."""
        try:
            while self._write():
                pass
        except (DatabaseError, InterfaceError) as error:
            self._note_loss(error)

    def _note_loss(self, error: Exception) -> None:
        logger.warning("run %s: words of %s lost: %s", self._claimed.run_id, self._claimed.step, error)

    def _write(self) -> bool:
        """Writes one note, up to `LINES_PER_NOTE` lines. Returns False if there was nothing to write."""
        with self._lock:
            lines, self._lines = self._lines[:LINES_PER_NOTE], self._lines[LINES_PER_NOTE:]
            (fraction, message), self._progress = self._progress or (None, ""), None
        if not lines and fraction is None:
            return False
        engine.note(self._claimed, fraction, message, tuple(lines))
        return True

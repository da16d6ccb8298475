"""What waits for an attempt that takes long against all experience: reported, or given back, meanwhile."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import Error, connections

from config.lib.database_errors import is_unavailable
from runs.engine import engine
from runs.engine.attempts import Finished
from runs.engine.engine import ClaimedAttempt
from workers.process.attempts import attempt, leases

logger = logging.getLogger(__name__)

OVERRUN_S = 0.1  # an attempt that takes longer holds nobody up
POLL_S = 0.05


class Overrun:
    """A thread that sees to what waits for an attempt that takes long against all experience."""

    def __init__(self) -> None:
        self._pid = 0
        self._lock = threading.Lock()
        self._is_on = threading.Event()
        self._since: float | None = None
        self._finished: list[Finished] = []
        self._waiting: deque[ClaimedAttempt] = deque()

    @contextmanager
    def watching(self, finished: list[Finished], waiting: deque[ClaimedAttempt]) -> Iterator[None]:
        """Around an attempt: both are emptied if it takes longer than OVERRUN_S."""
        if not finished and not waiting:
            yield
            return
        if self._pid != os.getpid():
            self._pid = os.getpid()
            threading.Thread(target=self._work, name="overrun", daemon=True).start()
        self._finished, self._waiting = finished, waiting
        self._since = time.monotonic()
        self._is_on.set()
        try:
            yield
        finally:
            with self._lock:
                self._since = None

    def rest(self) -> None:
        """Nothing is to be watched for a while."""
        self._is_on.clear()

    def _work(self) -> None:
        while self._is_on.wait():
            time.sleep(POLL_S)
            with self._lock:
                if self._since is None or time.monotonic() < self._since + OVERRUN_S:
                    continue
                finished, waiting = list(self._finished), list(self._waiting)
                self._finished.clear()
                self._waiting.clear()
            try:
                for one in finished:
                    record_alone(one)
                for claimed in waiting:
                    engine.hand_back(claimed)
                    leases.release(claimed)
            except Error as error:
                logger.warning("the sweep brings some attempts forward: %s", error)
            finally:
                connections.close_all()


overrun = Overrun()


def record_alone(one: Finished) -> ClaimedAttempt | None:
    """Records an attempt by itself; what it meets leaves the others alone."""
    try:
        return attempt.record(one)
    except Exception as error:
        log_failed(one.claimed.run_id, one.claimed.step, error)
        return None


def log_failed(run_id: UUID, step: str, error: Exception) -> None:
    if is_unavailable(error):
        logger.warning("run %s: the database stayed away (%s)", run_id, error)
    else:
        logger.error("run %s: step %s failed; the sweep brings it forward", run_id, step, exc_info=error)

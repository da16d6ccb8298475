"""Keeps on at a database that is away (see `config.lib.database_errors`), for as long as it is worth it.

What a worker returned is kept in memory meanwhile. A commit whose answer was lost may have been made, so
whoever repeats something must expect to find it done.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import Error, connections

from config.lib.database_errors import is_away

T = TypeVar("T")

PAUSE_S = 0.2
PAUSE_S_MAX = 2.0

logger = logging.getLogger(__name__)


def retry_while_unavailable(work: Callable[[], T], seconds: float, what: str) -> tuple[T, bool]:
    """The result of `work`, and whether the database was away meanwhile.

    `work` is tried again for at most `seconds`; then its last error is raised.
    """
    until = time.monotonic() + seconds
    pause_s, was_away = PAUSE_S, False
    while True:
        try:
            return work(), was_away
        except Error as error:
            renew()
            if not is_away(error) or time.monotonic() + pause_s > until:
                raise
            if not was_away:
                logger.warning("%s waits for the database: %s", what, " ".join(str(error).split()))
            was_away = True
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, PAUSE_S_MAX)


def renew() -> None:
    """Drops this thread's connections; the next query opens new ones.

    An attempt that is stopped may be broken off inside the database layer, with a transaction that
    is neither open nor ended. Closing such a connection is not enough: it refuses to open again.
    """
    for connection in connections.all(initialized_only=True):
        connection.close()
        del connections[connection.alias]

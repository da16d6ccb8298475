"""Repeats work while the database is unavailable (see `config.lib.database_errors`), for a limited time.

What a worker returned is kept in memory meanwhile. When the answer to a COMMIT is lost, the transaction may
have been committed all the same: work that is repeated must expect to find itself done.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import Error, connections

from config.lib.database_errors import is_unavailable

T = TypeVar("T")

PAUSE_S = 0.2
PAUSE_S_MAX = 2.0

logger = logging.getLogger(__name__)


def retry_while_unavailable(work: Callable[[], T], seconds: float, what: str) -> tuple[T, bool]:
    """Returns the result of `work`, and whether the database was unavailable meanwhile.

    `work` is repeated for at most `seconds`, with growing pauses and new connections; then its last error is
    raised. Errors of any other kind are raised at once. `what` names the work in the log.
    """
    until = time.monotonic() + seconds
    pause_s, was_unavailable = PAUSE_S, False
    while True:
        try:
            return work(), was_unavailable
        except Error as error:
            drop_connections()
            if not is_unavailable(error) or time.monotonic() + pause_s > until:
                raise
            if not was_unavailable:
                logger.warning("%s waits for the database: %s", what, " ".join(str(error).split()))
            was_unavailable = True
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, PAUSE_S_MAX)


def drop_connections() -> None:
    """Drops this thread's connections; the next query opens new ones.

    A worker that is stopped at its timeout may have been interrupted inside the database layer, with
    `in_atomic_block` still set. Django refuses to reconnect such a connection after `close()`, so it is
    deleted.
    """
    for connection in connections.all(initialized_only=True):
        connection.close()
        del connections[connection.alias]

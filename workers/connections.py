"""Database connections of a worker process after an attempt that was stopped."""

from __future__ import annotations

from django.db import connections


def renew() -> None:
    """Drops this thread's connections; the next query opens new ones.

    An attempt that is stopped may be broken off inside the database layer, with a transaction that
    is neither open nor ended. Closing such a connection is not enough: it refuses to open again.
    """
    for connection in connections.all(initialized_only=True):
        connection.close()
        del connections[connection.alias]

"""Database connections for the code of workers, apart from those of the product in the same thread.

A worker that uses Django's `connection` gets another one than the engine, closed after the attempt: a
transaction that it leaves open, or a timeout that strikes inside a query, holds no lock and touches nothing
of the product.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper

_spare = threading.local()  # the connections of each thread that no worker has used yet, by alias


@contextmanager
def own_connections() -> Iterator[None]:
    """Until it is left, `connections` of this thread are the worker's own."""
    ours = {alias: connections[alias] for alias in connections}
    for alias in ours:
        connections[alias] = _unused(alias)
    try:
        yield
    finally:
        for alias, connection in ours.items():
            _take_back(connections[alias])
            connections[alias] = connection


def _unused(alias: str) -> BaseDatabaseWrapper:
    spare: BaseDatabaseWrapper | None = vars(_spare).get(alias)
    return spare or connections.create_connection(alias)


def _take_back(connection: BaseDatabaseWrapper) -> None:
    """Closes the worker's connection, whatever state it is in; one that was not used is kept for the next."""
    if connection.connection is None and not connection.in_atomic_block:
        vars(_spare)[connection.alias] = connection
        return
    vars(_spare).pop(connection.alias, None)
    if connection.connection is not None:
        with suppress(Error), connection.wrap_database_errors:
            connection.connection.close()

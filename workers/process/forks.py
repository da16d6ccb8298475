"""Processes that a worker's code forks: never worker processes, and ended with the one they come from.

A forked child has a copy of everything: the database connection, the lock that says that its parent lives,
and the call stack, at whose end the attempt would be reported and the next one claimed. So the child gets
other connections, gives up its copy of the lock, ends when it is told to, and ends where the worker's
function ends. SIGTERM waits until the child has its own answer to it: the one that it has inherited would
swallow the signal, and whoever sent it would wait for ever.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections

from runs.delivery import worker_processes
from workers.process.parent_death import signal_on_parent_death

_parent = 0
_mask = threading.local()  # the signals that a thread which forks had blocked before
_inherited: list[Any] = []  # kept, since a connection says goodbye to the server when it is collected


def watch_forks() -> None:
    """From now on, what is forked in this process is set apart from it. Called once, by a worker process."""
    global _parent
    _parent = os.getpid()
    os.register_at_fork(before=_hold_back, after_in_parent=_let_through, after_in_child=_set_apart)


def _hold_back() -> None:
    _mask.before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def _let_through() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _mask.before)


def _set_apart() -> None:
    global _parent
    signal_on_parent_death(signal.SIGKILL, _parent)
    _parent = os.getpid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a worker process would finish its step first
    _let_through()
    for connection in connections.all(initialized_only=True):
        _inherited.append(connection)
        connections[connection.alias] = connections.create_connection(connection.alias)
    worker_processes.forget_locks()


@contextmanager
def ends_here() -> Iterator[None]:
    """Ends a process that was forked within, at the end."""
    pid = os.getpid()
    try:
        yield
    finally:
        if os.getpid() != pid:
            os._exit(0)

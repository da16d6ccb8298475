"""This worker process as its jobs see it: its id, the deadline it is watched by, whether it should stop.

The pool sets it up. The deadline lies in memory shared with the pool's parent, which kills a process
that outlasts it: a step that holds the interpreter's lock could not be stopped from within.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Iterable
from ctypes import Array, c_double
from dataclasses import dataclass, field
from multiprocessing.sharedctypes import RawArray

HOST_CHARS_MAX = 80
NO_DEADLINE = 0.0
_DEADLINE, _READY, _BEAT, _LOOP = 0, 1, 2, 3


def new_board() -> Array[c_double]:
    """Memory that a child and the pool's parent share; see `deadline`, `is_ready` and `beat_at`."""
    return RawArray(c_double, 4)


def new_token() -> str:
    return secrets.token_hex(4)


def process_id(pid: int, token: str) -> str:
    return f"{host_name()}:{pid}:{token}"


def host_name() -> str:
    return socket.gethostname()[:HOST_CHARS_MAX]


@dataclass
class _Here:
    pid: int = 0
    id: str = ""
    board: Array[c_double] = field(default_factory=new_board)
    queues: frozenset[str] = frozenset()
    stopping: bool = False


_here = _Here()


def begin(id: str, board: Array[c_double], queues: Iterable[str] = ()) -> None:
    """Called once in a new child, before its first job."""
    global _here
    _here = _Here(os.getpid(), id, board, frozenset(queues))


def current_process_id() -> str:
    """`host:pid:random`; outside a pool it is made on first use."""
    if _here.pid != os.getpid():
        begin(process_id(os.getpid(), new_token()), new_board())
    return _here.id


def queues() -> frozenset[str]:
    """The queues that this process takes jobs from; none outside a pool."""
    return _here.queues if _here.pid == os.getpid() else frozenset()


def watch(deadline_monotonic: float) -> None:
    """Has this process killed soon after `deadline_monotonic` (seconds of `time.monotonic()`)."""
    _here.board[_DEADLINE] = deadline_monotonic


def unwatch() -> None:
    _here.board[_DEADLINE] = NO_DEADLINE


def watch_loop(deadline_monotonic: float) -> None:
    """The same for the event loop of async steps, which says so again whenever it comes to something."""
    _here.board[_LOOP] = deadline_monotonic


def unwatch_loop() -> None:
    _here.board[_LOOP] = NO_DEADLINE


def is_stopping() -> bool:
    """Whether this process was asked to end: finish the running step and take no other."""
    return _here.stopping


def stop() -> None:
    _here.stopping = True


def ready() -> None:
    _here.board[_READY] = 1.0


def beat() -> None:
    """Shows the pool's parent that this process is not frozen."""
    _here.board[_BEAT] = time.monotonic()


def beat_at(board: Array[c_double]) -> float:
    """The parent's view: seconds of `time.monotonic()`."""
    return board[_BEAT]


def deadline(board: Array[c_double]) -> float:
    """The parent's view: the earlier one, in seconds of `time.monotonic()`, or `NO_DEADLINE`."""
    return min((at for at in (board[_DEADLINE], board[_LOOP]) if at != NO_DEADLINE), default=NO_DEADLINE)


def is_ready(board: Array[c_double]) -> bool:
    """The parent's view: whether the child came as far as taking jobs."""
    return bool(board[_READY])

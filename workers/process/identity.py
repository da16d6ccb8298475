"""State of this worker process: its id, its queues, whether it should stop, and its status board.

The status board is a row of numbers in memory that a child shares with the pool's parent: the deadlines of
the running step and of the event loop, whether the child takes jobs, its last heartbeat, and the attempts
that it has claimed and not begun. The parent kills a child that passes a deadline, because a step that holds
the interpreter's lock cannot be stopped from within. The board needs no lock: each slot has one writer at a
time, and an aligned double is written in one instruction.

The pool calls `begin` in each new child. Outside a pool (commands, tests) the state is made on first use.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Container, Iterable
from ctypes import Array, c_double
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing.sharedctypes import RawArray
from uuid import UUID

HOST_CHARS_MAX = 80
NO_DEADLINE = 0.0
_DEADLINE, _READY, _BEAT, _LOOP, _UNBEGUN = 0, 1, 2, 3, 4
UNBEGUN_MAX = 16
DIGEST_BITS = 53  # as many as a double keeps

Attempt = tuple[UUID, str, int]
"""Run, step and lease."""


def new_board() -> Array[c_double]:
    """An empty status board; see `deadline`, `is_ready` and `beat_at` for how the parent reads it."""
    return RawArray(c_double, _UNBEGUN + UNBEGUN_MAX)


def new_token() -> str:
    return secrets.token_hex(4)


def process_id(pid: int, token: str) -> str:
    return f"{host_name()}:{pid}:{token}"


def host_name() -> str:
    return socket.gethostname()[:HOST_CHARS_MAX]


@dataclass
class _Here:
    """State of the process with this `pid`: after a fork the parent's is still in place, and not valid."""

    pid: int = 0
    id: str = ""
    board: Array[c_double] = field(default_factory=new_board)
    queues: frozenset[str] = frozenset()
    stopping: bool = False
    begun: int = 0  # of the attempts that were last noted on the board as not begun


_here = _Here()


def begin(id: str, board: Array[c_double], queues: Iterable[str] = ()) -> None:
    """Sets the state of a new child. Call once, before its first job."""
    global _here
    _here = _Here(os.getpid(), id, board, frozenset(queues))


def current_process_id() -> str:
    """Returns `host:pid:random`."""
    if _here.pid != os.getpid():
        begin(process_id(os.getpid(), new_token()), new_board())
    return _here.id


def queues() -> frozenset[str]:
    """Returns the queues that this process takes jobs from; none outside a pool."""
    return _here.queues if _here.pid == os.getpid() else frozenset()


def watch(deadline_monotonic: float) -> None:
    """Sets the deadline of the running step, in seconds of `time.monotonic()`; the parent enforces it."""
    _here.board[_DEADLINE] = deadline_monotonic


def unwatch() -> None:
    _here.board[_DEADLINE] = NO_DEADLINE


def watch_loop(deadline_monotonic: float) -> None:
    """Sets the deadline of the event loop, which moves it forward for as long as it turns."""
    _here.board[_LOOP] = deadline_monotonic


def unwatch_loop() -> None:
    _here.board[_LOOP] = NO_DEADLINE


def is_stopping() -> bool:
    """Whether this process was asked to end: it finishes the running step and takes no other."""
    return _here.stopping


def stop() -> None:
    _here.stopping = True


def note_unbegun(attempts: Iterable[Attempt]) -> None:
    """Sets the attempts that are claimed and not begun; those beyond UNBEGUN_MAX count as begun.

    At each moment on the way only such attempts are noted that were noted before or are now.
    """
    digests: list[c_double | float] = [_digest(attempt) for attempt in islice(attempts, UNBEGUN_MAX)]
    _here.board[_UNBEGUN:] = digests + [0.0] * (UNBEGUN_MAX - len(digests))
    _here.begun = 0


def note_begun() -> None:
    """The next of the attempts that were noted, in their order, has begun."""
    if _here.begun < UNBEGUN_MAX:
        _here.board[_UNBEGUN + _here.begun] = 0.0
        _here.begun += 1


def unbegun(board: Array[c_double]) -> Container[Attempt]:
    """The attempts that the child had claimed and not begun. Read by the parent and by what it forks."""
    return _Unbegun({digest for digest in board[_UNBEGUN:] if digest})


@dataclass(frozen=True)
class _Unbegun(Container[Attempt]):
    digests: set[float]

    def __contains__(self, attempt: object) -> bool:
        return _digest(attempt) in self.digests


def _digest(attempt: object) -> float:
    """Never 0; the same in processes that are forked from each other."""
    return float(hash(attempt) % (2**DIGEST_BITS - 1) + 1)


def ready() -> None:
    _here.board[_READY] = 1.0


def beat() -> None:
    """Notes a sign of life, so that the parent does not take this process for frozen."""
    _here.board[_BEAT] = time.monotonic()


def beat_at(board: Array[c_double]) -> float:
    """When the child gave its last sign of life, in seconds of `time.monotonic()`. Read by the parent."""
    return board[_BEAT]


def deadline(board: Array[c_double]) -> float:
    """The earlier of the two deadlines, in seconds of `time.monotonic()`, or `NO_DEADLINE`.

    Read by the parent.
    """
    return min((at for at in (board[_DEADLINE], board[_LOOP]) if at != NO_DEADLINE), default=NO_DEADLINE)


def is_ready(board: Array[c_double]) -> bool:
    """Whether the child has got as far as taking jobs. Read by the parent."""
    return bool(board[_READY])
